import { createHash, randomFillSync } from "node:crypto";
import { Problem } from "../http/problem.ts";
import { CLOSE_OBJECT, skipSpace } from "./json-tokens.ts";
import type { ValidEvent } from "./judge.ts";
import type { Warnings } from "./warnings.ts";

/** Random bytes for 256 ids of 16 bytes: a UUID whose hyphens are taken out costs 2 % of the CPU of an event. */
const pool = Buffer.alloc(256 * 16);
let next = 0;

/** Gives each event of one request its identity: its own id, else one derived from the idempotency key, else a new one. */
export class EventIds {
  readonly #functionName: string;
  readonly #key: string | undefined;
  readonly #given = new Set<string>();

  constructor(functionName: string, idempotencyKey: string | undefined) {
    this.#functionName = functionName;
    this.#key = idempotencyKey;
  }

  /** @returns its id, or invalid_event when it has that of an earlier event of the request as its own */
  settle({ fields, bytes }: ValidEvent, warnings: Warnings | undefined): string | Problem {
    const id = fields.event_id ?? (this.#key === undefined ? createEventId() : this.#derive(this.#key, bytes));
    if (this.#given.has(id)) {
      const errors = [{ path: "event_id", message: "must not be that of an earlier event of the batch" }];
      return new Problem("invalid_event", "1 field is invalid: an earlier event of the batch has this event_id.", {
        errors,
        ...(warnings && { warnings: warnings.members }),
      });
    }
    this.#given.add(id);
    return id;
  }

  /**
   * Equal events of one batch differ by their occurrence, not by their place: the rest of a batch that is sent again must
   * get the ids that it had.
   */
  #derive(key: string, event: Buffer): string {
    // An event ends with its brace, and all around it is white space.
    const trimmed = event.subarray(skipSpace(event, 0), event.lastIndexOf(CLOSE_OBJECT) + 1);
    for (let occurrence = 0; ; occurrence++) {
      const id = deriveEventId(key, this.#functionName, trimmed, occurrence);
      if (!this.#given.has(id)) return id;
    }
  }
}

/** @returns `evt_` and 32 hex digits: 10 million events a day meet the same id twice in 10^15 days */
function createEventId(): string {
  if (next === 0) randomFillSync(pool);
  const hex = pool.toString("hex", next, next + 16);
  next = (next + 16) % pool.length;
  return `evt_${hex}`;
}

/**
 * Derives an event id from an `Idempotency-Key`: the same key, function and event always give the same id.
 *
 * The event's own bytes are part of it: a key that a caller uses for a second, different event must not give that event an
 * id that consumers have seen and would drop.
 *
 * @param key the header's value
 * @param functionName the domain's name
 * @param event the event's own bytes, as sent, without white space around it
 * @param occurrence how many equal events stand before this one in the request
 * @returns `evt_` and 32 hex digits
 */
export function deriveEventId(key: string, functionName: string, event: Buffer, occurrence: number): string {
  // Lengths first, so that no two inputs can be cut from the same bytes.
  const hash = createHash("sha256").update(`${key.length}:${key}${functionName}:${occurrence}:`).update(event);
  return `evt_${hash.digest("hex").slice(0, 32)}`;
}
