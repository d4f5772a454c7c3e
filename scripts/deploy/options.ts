import type { ParseArgsOptionsConfig } from "node:util";
import { UsageError } from "../common/command.ts";
import type { Target } from "./target.ts";

/** The options that provision and deploy have in common. */
export const commonOptions = {
  project: { type: "string" },
  region: { type: "string" },
  "dry-run": { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const satisfies ParseArgsOptionsConfig;

/**
 * Checks where a command shall act.
 *
 * @throws UsageError where the project or region is missing, or cannot be one
 */
export function readTarget(given: { project?: string | undefined; region?: string | undefined }): Target {
  const project = readProject(given.project);
  const { region } = given;
  if (region === undefined) throw new UsageError("--region is missing: where the functions run, such as europe-west1");
  if (!/^[a-z]+-[a-z]+\d{1,2}$/.test(region)) {
    throw new UsageError(`--region must be a region, such as europe-west1, not ${JSON.stringify(region)}`);
  }
  return { project, region };
}

/** @throws UsageError where the project is missing, or cannot be one */
export function readProject(project: string | undefined): string {
  if (project === undefined) throw new UsageError("--project is missing: the id of the Google Cloud project");
  if (!/^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/.test(project)) {
    throw new UsageError(`--project must be a project's id, such as pulsecart-prod, not ${JSON.stringify(project)}`);
  }
  return project;
}
