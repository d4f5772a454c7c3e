import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";

/**
 * Installs a package of this repository that has a lockfile of its own, unless that was done since the lockfile changed.
 * `npm install` of the project leaves such packages out: most who work on it never need them.
 *
 * @param folder the package's
 * @throws Error when `npm ci` fails; it has said why on stderr
 */
export function installPackage(folder: string): void {
  const installed = statSync(join(folder, "node_modules/.package-lock.json"), { throwIfNoEntry: false });
  if (installed && installed.mtimeMs >= statSync(join(folder, "package-lock.json")).mtimeMs) return;
  console.error(`Installing the packages of ${folder} …`);
  // On Windows npm is a script of the shell's.
  const { status, error } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
    shell: process.platform === "win32",
  });
  if (status !== 0) throw new Error(`npm ci in ${folder} failed${error ? `: ${error.message}` : ""}.`);
}

export interface ProgramResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end.
 *
 * @param cwd where, if not here
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd?: string,
): Promise<ProgramResult> {
  const child = spawn(program, args, { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}
