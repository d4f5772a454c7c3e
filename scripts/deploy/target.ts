import type { FunctionName } from "../../shared/events/registry.ts";

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
