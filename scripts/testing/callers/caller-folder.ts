import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type NpmRegistry, startNpmRegistry } from "./npm-registry.ts";

export const root = fileURLToPath(new URL("../../../", import.meta.url));

const run = promisify(execFile);

export type Environment = Readonly<Record<string, string | undefined>>;

/** A folder of a caller, outside of the project: nothing that is installed here is found from there. */
export interface CallerFolder {
  readonly path: string;
  write(name: string, text: string): Promise<void>;
  /**
   * Runs a script as in a terminal of the caller's, up to its first failing line.
   *
   * @throws Error with `code`, `stdout` and `stderr` when it fails
   */
  sh(script: string, env?: Environment): Promise<{ stdout: string; stderr: string }>;
}

/** Where callers live: with a private registry, to which the staged client package has been published. */
export interface CallerWorld {
  openFolder(): Promise<CallerFolder>;
  close(): Promise<void>;
}

/** @param publish the command that publishes the package, in the project's folder */
export async function openCallerWorld(publish: string): Promise<CallerWorld> {
  const home = await mkdtemp(join(tmpdir(), "callers-"));
  const registry = await startNpmRegistry();
  const env = await toEnvironment(home, registry);
  const close = async () => {
    await registry.close();
    await rm(home, { recursive: true });
  };
  try {
    await run("sh", ["-c", publish], { cwd: root, env });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    async openFolder() {
      const path = await mkdtemp(join(home, "caller-"));
      return {
        path,
        write: (name, text) => writeFile(join(path, name), text),
        sh: (script, more) => run("sh", ["-ec", script], { cwd: path, env: { ...env, ...more } }),
      };
    },
    close,
  };
}

/** Without what `npm run` has put into ours, which npm would take for options. */
async function toEnvironment(home: string, registry: NpmRegistry): Promise<Environment> {
  const own = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  const npmrc = await readFile(join(homedir(), ".npmrc"), "utf8").catch(() => "");
  await writeFile(join(home, ".npmrc"), `${npmrc}\n${registry.toNpmrc("@pulsecart")}`);
  return {
    ...Object.fromEntries(own),
    npm_config_userconfig: join(home, ".npmrc"),
    // What `npm ci` of this folder has fetched need not be fetched again.
    npm_config_prefer_offline: "true",
    PULSECART_URL: undefined,
    ID_TOKEN: undefined,
  };
}

/** Whether a test must be left out for lack of programs. In CI all of them must be there. */
export function isMissing(programs: readonly string[]): boolean {
  return !process.env.CI && programs.some((program) => spawnSync(program, ["--version"]).status !== 0);
}
