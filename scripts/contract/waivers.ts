import { existsSync, readFileSync } from "node:fs";
import * as v from "valibot";
import { PUBLISHED, WAIVERS } from "./pictures.ts";

const text = v.pipe(v.string(), v.trim(), v.minLength(1));

const waiver = v.strictObject({
  event_type: text,
  /** As in the line; empty for the event type as a whole. */
  path: v.string(),
  /** As in the line, up to the reason: `required added`. */
  change: text,
  compatibility: v.picklist(["BACKWARD", "FORWARD", "UNKNOWN"]),
  reason: text,
  /** The last day on which it holds, in UTC. */
  until: v.pipe(v.string(), v.isoDate()),
});

/** A failing line that is meant, for a time. */
export type Waiver = v.InferOutput<typeof waiver>;

/**
 * Reads `shared/events/published/waivers.json`.
 *
 * @throws Error in one line that names the file and the fault
 */
export function readWaivers(file: URL = new URL(`../../${PUBLISHED}${WAIVERS}`, import.meta.url)): readonly Waiver[] {
  return existsSync(file) ? parseWaivers(readFileSync(file, "utf8")) : [];
}

/** @throws Error in one line that names the file and the fault */
export function parseWaivers(json: string): readonly Waiver[] {
  try {
    return v.parse(v.array(waiver), JSON.parse(json));
  } catch (error) {
    const at = error instanceof v.ValiError ? `${v.getDotPath(error.issues[0]) ?? ""}: ` : "";
    throw new Error(`${PUBLISHED}${WAIVERS} is not as it should be: ${at}${(error as Error).message}`);
  }
}

/** What is wrong with a waiver's last day: it is over, or too far away for anybody to think of it again. */
export function findFault(
  { until }: Waiver,
  now = new Date(),
): { kind: "EXPIRED" | "ERROR"; text: string } | undefined {
  if (now.toISOString().slice(0, 10) > until) {
    return { kind: "EXPIRED", text: `was good until ${until}: remove it, or renew it with a reason` };
  }
  const latest = new Date(now);
  latest.setUTCFullYear(latest.getUTCFullYear() + 1);
  const day = latest.toISOString().slice(0, 10);
  return until > day ? { kind: "ERROR", text: `is good until ${until}: at most a year, until ${day}` } : undefined;
}
