import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Reads which commit the tree is at. Changes that are not committed do not show in it.
 *
 * @returns the first 12 hex digits; undefined where there is no git, or no repository that it trusts
 */
export function readCommit(folder = root): string | undefined {
  try {
    const printed = execFileSync("git", ["rev-parse", "--verify", "HEAD"], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return printed.slice(0, 12);
  } catch {
    return undefined;
  }
}

/** Whether what is built differs from the commit. */
export function hasUncommittedChanges(folder = root): boolean {
  const built = ["functions", "shared", "scripts/build", "package.json", "package-lock.json", "esbuild.config.mjs"];
  return execFileSync("git", ["status", "--porcelain", "--", ...built], { cwd: folder, encoding: "utf8" }) !== "";
}
