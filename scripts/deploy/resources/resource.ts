import { readGcloud, runGcloud } from "../gcloud/gcloud.ts";
import { withPropagation } from "../gcloud/propagation.ts";

interface Policy {
  readonly bindings?: readonly { readonly role: string; readonly members?: readonly string[]; condition?: unknown }[];
}

/**
 * Tells whether an IAM policy, as gcloud prints it, grants a role to a member unconditionally.
 *
 * @param policy the policy; one without bindings is printed as an object without that field
 */
export function hasBinding(policy: unknown, role: string, member: string): boolean {
  const { bindings = [] } = (policy ?? {}) as Policy;
  return bindings.some(
    (binding) => binding.role === role && binding.condition === undefined && binding.members?.includes(member),
  );
}

/**
 * Compares what a resource is with what it should be, looking only at what is wanted: whatever else the resource has
 * (other labels, fields that the platform fills in) is left alone.
 *
 * @param found a resource as gcloud prints it
 * @param wanted the part of it that matters; `undefined` as a value says that the field must be absent
 * @returns the paths that differ, such as `messageStoragePolicy.allowedPersistenceRegions`
 */
export function findDifferences(found: unknown, wanted: Readonly<Record<string, unknown>>, path = ""): string[] {
  const actual: Record<string, unknown> = isRecord(found) ? found : {};
  return Object.entries(wanted).flatMap(([key, value]) => {
    const here = path === "" ? key : `${path}.${key}`;
    if (isRecord(value)) return findDifferences(actual[key], value, here);
    if (Array.isArray(value) && value.some(isRecord)) return findItemDifferences(actual[key], value, here);
    return JSON.stringify(actual[key]) === JSON.stringify(value) ? [] : [here];
  });
}

function findItemDifferences(found: unknown, wanted: readonly unknown[], here: string): string[] {
  if (!Array.isArray(found) || found.length !== wanted.length) return [here];
  return wanted.flatMap((item, index) => (isRecord(item) ? findDifferences(found[index], item, here) : []));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** One thing in the project: how gcloud reads it, makes it, and brings it to the wanted state. */
export interface Resource {
  /** What it is, for people: `topic pulsecart.commerce-events`. */
  readonly name: string;
  /** The gcloud arguments that print it as JSON. */
  readonly read: readonly string[];
  /** Picks it out of what `read` printed where that is a list; undefined where it is not there. */
  readonly select?: (printed: unknown) => unknown;
  /** The gcloud arguments of a call that changes nothing and refuses what could not be made. */
  readonly check?: readonly string[];
  /** The gcloud arguments that make it, or add it to what was read. */
  readonly create: readonly string[];
  /** The gcloud arguments that change one that exists; left out where `create` does that too. */
  readonly update?: readonly string[] | ((found: unknown) => readonly string[]);
  /** What `create` (for undefined) and `update` read on stdin. */
  readonly input?: (found: unknown) => string;
  /** Tells what of the thing that was read is not as wanted; nothing where all is. */
  readonly differences: (found: unknown) => readonly string[];
  /** Tells what cannot be changed and yet is not as wanted; a fault that only a person can decide about. */
  readonly obstacle?: (found: unknown) => string | undefined;
}

export type Outcome = "unchanged" | "created" | `updated ${string}`;

/** A resource stands in the way of the wanted state, and gcloud has no command that changes it in place. */
export class ObstacleError extends Error {
  override readonly name = "ObstacleError";
}

/** The gcloud call that brings a resource to the wanted state, and what came of it in a word. */
export interface Change {
  readonly args: readonly string[];
  readonly input: string | undefined;
  readonly outcome: Exclude<Outcome, "unchanged">;
}

/**
 * Compares a resource with the wanted state.
 *
 * @param found the resource, or undefined where it does not exist
 * @returns the change that is needed; undefined where all is as wanted
 * @throws ObstacleError where the resource cannot be changed
 */
export function findChange(resource: Resource, found: unknown): Change | undefined {
  const { create, update } = resource;
  const input = resource.input?.(found);
  if (found === undefined) return { args: create, input, outcome: "created" };
  const obstacle = resource.obstacle?.(found);
  if (obstacle !== undefined) throw new ObstacleError(obstacle);
  const differences = resource.differences(found);
  if (differences.length === 0) return undefined;
  if (update === undefined) return { args: create, input, outcome: "created" };
  const args = typeof update === "function" ? update(found) : update;
  return { args, input, outcome: `updated ${differences.join(", ")}` };
}

/** Reads a resource. @returns undefined where it does not exist @throws GcloudError for every other failure */
export async function readResource({ read, select }: Resource): Promise<unknown> {
  const printed = await readGcloud(read);
  return printed === undefined || select === undefined ? printed : select(printed);
}

/**
 * Brings one resource to the wanted state.
 *
 * @returns what had to be done
 * @throws GcloudError where a command failed, ObstacleError where the resource cannot be changed
 */
export async function applyResource(resource: Resource): Promise<Outcome> {
  const { check } = resource;
  const change = findChange(resource, await withPropagation(() => readResource(resource)));
  if (change === undefined) return "unchanged";
  if (check !== undefined) await withPropagation(() => runGcloud(check));
  await withPropagation(() => runGcloud(change.args, { input: change.input }));
  return change.outcome;
}
