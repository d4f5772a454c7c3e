import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { BuildReport } from "./build-functions.ts";

const SCRIPT = fileURLToPath(new URL("build-functions.ts", import.meta.url));

/** The functions as they are staged now. */
export type Build = Exclude<BuildReport, { readonly failure: string }>;

/** The sources cannot be built; the message says where and why, for the developer. */
export class BuildError extends Error {}

/**
 * Builds functions from the present sources and stages them in `dist/`. Where that fails, what was staged stays.
 *
 * @param names of the functions that are served so far
 * @param signal ends the build
 * @throws {BuildError}
 */
export async function runBuild(names: readonly string[], signal: AbortSignal): Promise<Build> {
  const child = fork(SCRIPT, names, { stdio: ["ignore", "ignore", "pipe", "ipc"], execArgv: [], signal });
  let report: BuildReport | undefined;
  let stderr = "";
  child.on("message", (message) => {
    report = message as BuildReport;
  });
  child.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  await once(child, "close");
  if (!report) throw new BuildError(stderr.trim() || "The build ended without a word.");
  if ("failure" in report) throw new BuildError(report.failure);
  return report;
}
