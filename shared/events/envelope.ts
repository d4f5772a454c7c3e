import * as v from "valibot";
import { MAX_ID_BYTES } from "./limits.ts";

/** RFC 3339 section 5.6, `date-time` with its offset; which days a month has is left to {@link isCalendarDate}. */
const RFC_3339 =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** The form of an event's id. */
export const EVENT_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** The form of the mark that a deployment's own check puts on its events; its header may have it in capitals. */
export const VERIFICATION = /^[0-9a-f]{16,64}$/;

const text = v.string("must be a string");

const TOO_MANY_BYTES = `must be at most ${MAX_ID_BYTES} bytes of UTF-8`;

function requiredText(description: string) {
  return v.pipe(
    text,
    v.description(description),
    v.minLength(1, "must not be empty"),
    // Text has no more characters than bytes: what is longer than this need not be read to be refused.
    v.maxLength(MAX_ID_BYTES, TOO_MANY_BYTES),
    // Not valibot's `maxBytes`: it would encode each id, which costs 1 µs.
    v.check(fitsAnId, TOO_MANY_BYTES),
  );
}

/** A JSON object, free inside. valibot's `looseObject` takes an array for one. */
const jsonObject = v.custom<Record<string, unknown>>(isJsonObject, "must be a JSON object");

/**
 * The fields that every event has. The domain's file adds what a type needs; whatever else a caller sends is kept and
 * published as sent. Descriptions and metadata (JSON Schema keywords) are for the documents.
 */
export const envelope = {
  event_id: v.optional(
    v.pipe(
      text,
      v.description(
        "The event's identity, by which consumers drop duplicates. Absent: derived from Idempotency-Key, else generated.",
      ),
      v.regex(EVENT_ID, "must be 1 to 128 of the characters A-Z a-z 0-9 . _ : -"),
    ),
  ),
  timestamp: v.optional(
    v.pipe(
      text,
      v.description("When it happened. Absent: when the event was accepted."),
      v.metadata({ format: "date-time" }),
      v.regex(RFC_3339, "must be an RFC 3339 date-time with an offset or Z"),
      v.check(isCalendarDate, "must be a day that exists"),
      v.check(hasItsSecond, "must have second 60 only at 23:59:60 UTC on the last day of a month"),
    ),
  ),
  user_id: requiredText("Whom the event is about. It is the ordering key: one user's events stay in order."),
  payload: v.pipe(
    jsonObject,
    v.description("What happened in detail; free inside."),
    v.metadata({ type: "object", additionalProperties: true }),
  ),
};

/** Needed by events of a browsing session. */
export const sessionId = { session_id: requiredText("The browsing session that the event belongs to.") };

/** Needed by events of an order. */
export const orderId = { order_id: requiredText("The order that the event is about.") };

function fitsAnId(value: string): boolean {
  // A character of a string (a UTF-16 code unit) takes 1 to 3 bytes.
  if (value.length > MAX_ID_BYTES) return false;
  return value.length * 3 <= MAX_ID_BYTES || new TextEncoder().encode(value).length <= MAX_ID_BYTES;
}

/** Whether a value is a JSON object, which an array is not. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCalendarDate(timestamp: string): boolean {
  // Date takes 30 February, and makes 1 or 2 March of it.
  return new Date(`${timestamp.slice(0, 10)}T00:00Z`).getUTCDate() === Number(timestamp.slice(8, 10));
}

/** UTC has had, and may announce, leap seconds at the end of a month alone. */
function hasItsSecond(timestamp: string): boolean {
  if (timestamp.slice(17, 19) !== "60") return true;
  const second59 = `${timestamp.slice(0, 17)}59${timestamp.slice(19)}`.toUpperCase();
  const next = new Date(Date.parse(second59) + 1000);
  return next.getUTCDate() === 1 && next.getUTCHours() === 0 && next.getUTCMinutes() === 0;
}
