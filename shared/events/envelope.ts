import * as v from "valibot";
import { MAX_ID_BYTES } from "./limits.ts";

/** RFC 3339 section 5.6, `date-time` with its offset; which days a month has is left to {@link isCalendarDate}. */
const RFC_3339 =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

const EVENT_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** Every message is our own: valibot's default ones repeat the rejected value, which an answer must never hold. */
const text = v.string("must be a string");

function requiredText(description: string) {
  return v.pipe(
    text,
    v.description(description),
    v.minLength(1, "must not be empty"),
    // Text of so many bytes has no more characters, which is what `maxLength` counts.
    v.metadata({ maxLength: MAX_ID_BYTES }),
    // Not valibot's `maxBytes`: it would encode each id, which costs 1 µs.
    v.check(fitsAnId, `must be at most ${MAX_ID_BYTES} bytes of UTF-8`),
  );
}

/**
 * A JSON object, free inside. It is a custom schema, not `looseObject`, because that one copies every member of what it
 * checks, and because nothing may look inside: `scanEnvelope` shows the schemas an empty stand-in (see there).
 */
const jsonObject = v.custom<Record<string, unknown>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "must be a JSON object",
);

/**
 * The fields that every event has. What an event type needs besides stands in its domain's file; whatever else a caller
 * sends is kept and published as sent. Descriptions and metadata (JSON Schema keywords) are for the OpenAPI document.
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
    ),
  ),
  // A lone surrogate has no UTF-8: it would reach Pub/Sub as U+FFFD, and so as another user's ordering key.
  user_id: v.pipe(
    requiredText("Whom the event is about. It is the ordering key: one user's events stay in order."),
    v.check((value) => value.isWellFormed(), "must be well-formed Unicode"),
  ),
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
  // No character of a string (a UTF-16 code unit) takes more than 3 bytes.
  return value.length * 3 <= MAX_ID_BYTES || new TextEncoder().encode(value).length <= MAX_ID_BYTES;
}

function isCalendarDate(timestamp: string): boolean {
  const [year, month, day] = [timestamp.slice(0, 4), timestamp.slice(5, 7), timestamp.slice(8, 10)].map(Number);
  // Day 0 of the next month is the last of this one; setUTCFullYear, as Date.UTC reads the years 0-99 as 1900-1999.
  const lastDay = new Date(0);
  lastDay.setUTCFullYear(year ?? 0, month ?? 0, 0);
  return (day ?? 0) <= lastDay.getUTCDate();
}
