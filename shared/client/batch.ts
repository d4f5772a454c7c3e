import { MAX_BATCH_BYTES, MAX_BATCH_EVENTS } from "../events/limits.ts";
import type { BatchLimits, Entry } from "./entry.ts";

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
   * @returns how many
   */
  take(waiting: readonly Entry[]): number {
    const before = this.entries.length;
    for (const entry of waiting) {
      if (entry.target !== (this.entries[0] ?? entry).target || !entry.limits) break;
      // The producer refuses the second of one id; in the next request it is taken as a duplicate, which it is.
      if (this.#ids.has(entry.eventId)) break;
      const limits = {
        events: Math.min(this.#limits.events, entry.limits.events),
        bytes: Math.min(this.#limits.bytes, entry.limits.bytes),
      };
      // A comma or bracket follows each event.
      const bytes = this.#bytes + entry.body.length + 1;
      if (this.entries.length > 0 && (this.entries.length >= limits.events || bytes > limits.bytes)) {
        this.isFull = true;
        break;
      }
      this.entries.push(entry);
      this.#ids.add(entry.eventId);
      this.#bytes = bytes;
      this.#limits = limits;
    }
    return this.entries.length - before;
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
