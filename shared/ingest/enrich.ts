import { createHash, randomFillSync } from "node:crypto";
import type { EventBytes } from "./envelope-reader.ts";

const ID_BYTES = 16;

/** Random bytes for 256 ids: asking for each id's own costs 3 % of the CPU of an event. */
const pool = Buffer.alloc(256 * ID_BYTES);
let used = pool.length;

/**
 * Makes an event id of the CSPRNG's 128 bits: 10 million events a day meet the same id twice in 10^17 days.
 *
 * @returns `evt_` and 32 hex digits
 */
export function createEventId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += ID_BYTES;
  return `evt_${pool.toString("hex", used - ID_BYTES, used)}`;
}

/**
 * Derives an event id from an `Idempotency-Key`: the same key, function and event always give the same id.
 *
 * The event's own bytes are part of it, and its index in a batch: a key that a caller uses for a second, different event
 * (or for the rest of a batch) must not give that event an id that consumers have seen and would drop.
 *
 * @param key the header's value
 * @param functionName the domain's name
 * @param event the event's own bytes, as sent
 * @param index the event's place in its batch, 0 where it came alone
 * @returns `evt_` and 32 hex digits
 */
export function deriveEventId(key: string, functionName: string, event: Buffer, index: number): string {
  // Lengths first, so that no two inputs can be cut from the same bytes.
  const hash = createHash("sha256").update(`${key.length}:${key}${functionName}:${index}:`).update(event);
  return `evt_${hash.digest("hex").slice(0, 32)}`;
}

/**
 * Adds `event_id` and `timestamp` to an event's bytes where they are absent, in front of what the caller sent, of which
 * not a byte changes: re-serialising would alter numbers.
 *
 * @returns one JSON object as UTF-8
 */
export function enrich(event: EventBytes, eventId: string): Buffer {
  let added = "";
  if (event.fields.event_id === undefined) added += `"event_id":"${eventId}",`;
  if (event.fields.timestamp === undefined) added += `"timestamp":"${toTimestamp(Date.now())}",`;
  if (added === "") return event.bytes;
  // Filled by hand, at two thirds of what `Buffer.concat` costs. What is added is ASCII: ids and dates.
  const { bytes, open } = event;
  const enriched = Buffer.allocUnsafe(bytes.length + added.length);
  bytes.copy(enriched, 0, 0, open);
  enriched.write(added, open, "latin1");
  bytes.copy(enriched, open + added.length, open);
  return enriched;
}

let lastMs = Number.NaN;
let lastTimestamp = "";

/** The text of one millisecond is made once: it costs 1 µs, and a batch has hundreds of events in one. */
function toTimestamp(ms: number): string {
  if (ms !== lastMs) {
    lastMs = ms;
    lastTimestamp = new Date(ms).toISOString();
  }
  return lastTimestamp;
}
