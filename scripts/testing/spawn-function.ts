import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { domains, type FunctionName } from "../../shared/events/registry.ts";
import { toStagedFolder } from "../build/build-function.ts";
import { nodeOptions } from "../build/deployed-package.ts";

const FRAMEWORK = "node_modules/@google-cloud/functions-framework";
const root = fileURLToPath(new URL("../../", import.meta.url));

/** How a process of Node is spawned. */
export interface NodeProcessOptions extends Pick<SpawnOptions, "stdio" | "detached"> {
  /** Where it listens; reaches it as `PORT`. */
  readonly port: number;
  /** Its whole environment, apart from what every process needs to run at all. */
  readonly env?: NodeJS.ProcessEnv;
  /** Node's program; the one that runs this, if not given. */
  readonly node?: string;
  /** Options of Node's own, before the script. */
  readonly execArgv?: readonly string[];
  /** What goes before `node`, such as a tracer with its arguments. */
  readonly wrapper?: readonly string[];
}

/** Which function functions-framework runs. */
export interface FrameworkTarget {
  /** A folder with a package.json, or a file. */
  readonly source: string;
  /** The name under which the function is registered. */
  readonly entryPoint: string;
}

/** @returns the staged function of this name (`npm run build` makes it) */
export function toStagedTarget(name: FunctionName): FrameworkTarget {
  return { source: toStagedFolder(name), entryPoint: domains[name].entryPoint };
}

/** @returns the arguments with which `node` runs a function as the platform does */
export function toFrameworkArguments({ source, entryPoint }: FrameworkTarget): string[] {
  return [findFrameworkScript(source), `--source=${source}`, `--target=${entryPoint}`];
}

/** Spawns functions-framework on a function, as the platform does; stdout and stderr are pipes unless asked otherwise. */
export function spawnFunction(target: FrameworkTarget, options: NodeProcessOptions): ChildProcess {
  const { env } = options;
  const given = env?.NODE_OPTIONS === undefined ? nodeOptions : `${nodeOptions} ${env.NODE_OPTIONS}`;
  return spawnNode(toFrameworkArguments(target), { ...options, env: { ...env, NODE_OPTIONS: given } });
}

/** Spawns Node with a script and its arguments. The caller's own environment does not reach it. */
export function spawnNode(args: readonly string[], options: NodeProcessOptions): ChildProcess {
  const { port, env, node = process.execPath, execArgv = [], wrapper = [], stdio, detached } = options;
  const [program = node, ...rest] = [...wrapper, node, ...execArgv, ...args];
  const { PATH, SystemRoot } = process.env;
  return spawn(program, rest, {
    // Windows has no sockets without SystemRoot.
    env: { PATH, ...(SystemRoot === undefined ? {} : { SystemRoot }), NODE_ENV: "production", ...env, PORT: `${port}` },
    stdio: stdio ?? ["ignore", "pipe", "pipe"],
    detached: detached ?? false,
    windowsHide: true,
  });
}

/**
 * The framework of the function's own folder where `npm ci` was run in it, else this project's: a function must register with
 * the copy that runs it. By its script, as what `node_modules/.bin` holds is none that Node can run on Windows.
 */
function findFrameworkScript(source: string): string {
  const folder = [source, root].map((place) => join(place, FRAMEWORK)).find(existsSync);
  if (folder === undefined) throw new Error("functions-framework is not installed; run npm ci.");
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const bin: string | Readonly<Record<string, string>> = manifest.bin;
  const script = typeof bin === "string" ? bin : bin["functions-framework"];
  if (script === undefined) throw new Error("functions-framework names no program of its own.");
  return join(folder, script);
}
