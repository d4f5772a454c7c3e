import type { ParseArgsOptionsConfig } from "node:util";
import type { FunctionName } from "../../shared/events/registry.ts";
import { UsageError } from "../common/command.ts";

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

/** Where the commands act. */
export interface Target {
  readonly project: string;
  readonly region: string;
}

/** Resource labels that every topic, subscription and function carries, so that bills and lists can be cut by them. */
export const labels: Readonly<Record<string, string>> = { app: "pulsecart", component: "producer" };

/** Writes labels in gcloud's notation: `key=value,key=value`. */
export function toLabelFlag(entries: Readonly<Record<string, string>>): string {
  return Object.entries(entries)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

/** Writes a dictionary whose values may hold commas: gcloud takes another separator where the text begins with `^…^`. */
export function toDictionaryFlag(entries: Readonly<Record<string, string>>): string {
  const text = Object.values(entries).join("");
  const separator = [",", ";", "|", "~", "#"].find((candidate) => !text.includes(candidate)) ?? "@@@";
  const list = Object.entries(entries).map(([key, value]) => `${key}=${value}`);
  return `${separator === "," ? "" : `^${separator}^`}${list.join(separator)}`;
}

/** The account that a function runs as; ids of accounts have 6 to 30 characters. */
export function toServiceAccountId(functionName: FunctionName): string {
  return `pulsecart-${functionName}`;
}

/** The account that builds all functions: new projects' default one may lack the permissions to build. */
export const buildServiceAccountId = "pulsecart-build";

export function toServiceAccountEmail(id: string, { project }: Target): string {
  return `${id}@${project}.iam.gserviceaccount.com`;
}
