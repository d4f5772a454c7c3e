import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Stages everything in `dist/`, as `npm run build` does. Where that fails, which the build explains in its own words, this
 * process ends with 1.
 */
export function runBuild(): void {
  const options = { cwd: root, stdio: ["ignore", "ignore", "inherit"] as ["ignore", "ignore", "inherit"] };
  const { status } = spawnSync(process.execPath, ["esbuild.config.mjs"], options);
  if (status !== 0) process.exit(1);
}
