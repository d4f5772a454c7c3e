import { existsSync, readFileSync } from "node:fs";
import * as v from "valibot";
import type { TypeChange } from "./compare-contracts.ts";
import { PUBLISHED, WAIVERS } from "./pictures.ts";

const text = v.pipe(v.string(), v.trim(), v.minLength(1));

const waiver = v.strictObject({
  event_type: text,
  /** As in the line; empty for the event type as a whole. */
  path: v.string(),
  /** As in the line, up to the reason: `required added`. */
  change: text,
  compatibility: v.picklist(["BACKWARD", "FORWARD"]),
  reason: text,
  /** The last day on which it holds, in UTC. */
  until: v.pipe(v.string(), v.isoDate()),
});

/** A break that is meant, for a time. */
export type Waiver = v.InferOutput<typeof waiver>;

/**
 * Reads `shared/events/published/waivers.json`.
 *
 * @throws Error in one line that names the file and the fault
 */
export function readWaivers(file: URL = new URL(`../../${PUBLISHED}${WAIVERS}`, import.meta.url)): readonly Waiver[] {
  if (!existsSync(file)) return [];
  try {
    return v.parse(v.array(waiver), JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    const at = error instanceof v.ValiError ? `${v.getDotPath(error.issues[0]) ?? ""}: ` : "";
    throw new Error(`${PUBLISHED}${WAIVERS} is not as it should be: ${at}${(error as Error).message}`);
  }
}

/** @returns the waiver of one side of a change */
export function findWaiver(waivers: readonly Waiver[], change: TypeChange, compatibility: string): Waiver | undefined {
  return waivers.find(
    (each) =>
      each.event_type === change.eventType &&
      each.path === change.path &&
      each.change === change.text &&
      each.compatibility === compatibility,
  );
}

/** Whether its last day is over. */
export function isExpired({ until }: Waiver, now = new Date()): boolean {
  return now.toISOString().slice(0, 10) > until;
}
