import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";

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
