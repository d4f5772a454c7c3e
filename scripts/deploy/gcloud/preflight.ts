import type { Target } from "../target.ts";
import { runGcloud } from "./gcloud.ts";

/** The first release whose `functions deploy` has all flags that are used here: `--build-service-account` is the latest. */
const oldestRelease = 481;

/** What `--monitoring` needs beyond the core of gcloud, whose `monitoring` has no policies and no channels. */
const monitoringComponents = ["alpha", "beta"];

/** gcloud is there and cannot be used as it is. */
export class PreflightError extends Error {
  override readonly name = "PreflightError";
}

/** What is run before anything else, as gcloud arguments: the second needs a login, a project and a permission on it. */
export function toPreflightCommands({ project }: Target) {
  return {
    version: ["version", "--format=json", "--quiet"],
    projectNumber: ["projects", "describe", project, "--format=value(projectNumber)", "--quiet"],
  } as const;
}

/**
 * Checks that gcloud is installed, recent enough, logged in, and sees the project.
 *
 * @param options.withMonitoring whether alert policies and channels will be made, too
 * @returns the project's number
 * @throws PreflightError for a gcloud that is too old or lacks a component, GcloudMissingError for none, GcloudError where the project is out of reach
 */
export async function checkGcloud(target: Target, { withMonitoring = false } = {}): Promise<string> {
  const commands = toPreflightCommands(target);
  const versions: Record<string, string> = JSON.parse(await runGcloud(commands.version));
  const version = versions["Google Cloud SDK"] ?? "unknown";
  // Builds from source call themselves HEAD: newer than any release.
  if (version !== "HEAD" && !(Number.parseInt(version, 10) >= oldestRelease)) {
    throw new PreflightError(`gcloud ${version} is too old, ${oldestRelease} is needed; run: gcloud components update`);
  }
  const missing = monitoringComponents.filter((component) => versions[component] === undefined);
  if (withMonitoring && missing.length > 0) {
    throw new PreflightError(
      `gcloud's component ${missing.join(" and ")} is missing, which --monitoring needs; run: gcloud components install ${missing.join(" ")}`,
    );
  }
  return runGcloud(commands.projectNumber);
}
