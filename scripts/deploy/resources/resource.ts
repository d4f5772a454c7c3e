import { setTimeout as sleep } from "node:timers/promises";
import { GcloudError, readGcloud, runGcloud } from "../gcloud/gcloud.ts";

/** One thing in the project: how gcloud reads it, makes it, and brings it to the wanted state. */
export interface Resource {
  /** What it is, for people: `topic pulsecart.commerce-events`. */
  readonly name: string;
  /** The gcloud arguments that print it as JSON. */
  readonly read: readonly string[];
  /** The gcloud arguments that make it, or add it to what was read. */
  readonly create: readonly string[];
  /** The gcloud arguments that mend one that exists; left out where `create` does that too. */
  readonly update?: readonly string[];
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

/**
 * Brings one resource to the wanted state.
 *
 * @returns what had to be done
 * @throws GcloudError where a command failed, ObstacleError where the resource cannot be changed
 */
export async function applyResource(resource: Resource): Promise<Outcome> {
  const found = await withPropagation(() => readGcloud(resource.read));
  if (found === undefined) {
    await withPropagation(() => runGcloud(resource.create));
    return "created";
  }
  const obstacle = resource.obstacle?.(found);
  if (obstacle !== undefined) throw new ObstacleError(obstacle);
  const differences = resource.differences(found);
  if (differences.length === 0) return "unchanged";
  await withPropagation(() => runGcloud(resource.update ?? resource.create));
  return resource.update === undefined ? "created" : `updated ${differences.join(", ")}`;
}

// An account or an API that was made a moment ago is not known everywhere for up to a minute or two
// (https://cloud.google.com/iam/docs/access-change-propagation): the commands that name it fail until then.
const notKnownYet = /\bdoes not exist\b|has not been used in project|SERVICE_DISABLED/;
const propagationDelays = [2_000, 4_000, 8_000, 16_000, 30_000, 60_000];

async function withPropagation<T>(call: () => Promise<T>): Promise<T> {
  for (const delay of propagationDelays) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof GcloudError) || !notKnownYet.test(error.stderr)) throw error;
      await sleep(delay);
    }
  }
  return call();
}
