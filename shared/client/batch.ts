import { MAX_BATCH_BYTES, MAX_BATCH_EVENTS } from "../events/limits.ts";
import type { BatchLimits, Entry } from "./entry.ts";
import type { Lane } from "./lane.ts";

/** The events of one request, as it is put together. */
export class Batch {
  readonly entries: Entry[] = [];
  readonly #ids = new Set<string>();
  #bytes = 1;
  /** The least of what the events in it allow, and of what the producer takes. */
  #limits: BatchLimits = { events: MAX_BATCH_EVENTS, bytes: MAX_BATCH_BYTES };
  isFull = false;

  /**
   * Takes events of one user from the front, as far as there is room for them.
   *
   * @returns whether it took any
   */
  take(lane: Lane): boolean {
    const before = this.entries.length;
    for (const entry of lane) {
      if (this.isFull || !lane.isFree(entry) || !this.#fits(entry)) break;
      this.entries.push(entry);
      this.#ids.add(entry.eventId);
      // A comma or bracket follows each event.
      this.#bytes += entry.body.length + 1;
      this.#limits = {
        events: Math.min(this.#limits.events, entry.limits?.events ?? 1),
        bytes: Math.min(this.#limits.bytes, entry.limits?.bytes ?? 0),
      };
      this.isFull = entry.limits === undefined || this.entries.length >= this.#limits.events;
    }
    return this.entries.length > before;
  }

  /** Whatever its size, an event goes alone rather than not at all. */
  #fits({ target, limits, eventId, body }: Entry): boolean {
    const [first] = this.entries;
    if (first === undefined) return true;
    // The producer refuses the second of one id; in the next request it is taken as a duplicate, which it is.
    if (!limits || target !== first.target || this.#ids.has(eventId)) return false;
    if (this.entries.length >= limits.events) return false;
    if (this.#bytes + body.length + 1 <= Math.min(this.#limits.bytes, limits.bytes)) return true;
    this.isFull = true;
    return false;
  }
}

const [OPEN, COMMA, CLOSE] = [0x5b, 0x2c, 0x5d];

/** @returns the JSON array of these events, each with the very bytes that it has alone */
export function toBatchBody(entries: readonly Entry[]): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(entries.reduce((bytes, entry) => bytes + entry.body.length + 1, 1));
  body[0] = OPEN;
  let at = 1;
  for (const entry of entries) {
    body.set(entry.body, at);
    at += entry.body.length;
    body[at++] = COMMA;
  }
  body[at - 1] = CLOSE;
  return body;
}
