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
  const [year = 0, month = 0, day = 0] = [timestamp.slice(0, 4), timestamp.slice(5, 7), timestamp.slice(8, 10)].map(
    Number,
  );
  return day <= lastDayOf(year, month - 1);
}

/** UTC has had, and may announce, leap seconds at the end of a month alone. */
function hasItsSecond(timestamp: string): boolean {
  if (timestamp.slice(17, 19) !== "60") return true;
  const offset = /([+-])(\d\d):(\d\d)$/.exec(timestamp);
  const minutes = offset ? Number(`${offset[1]}1`) * (Number(offset[2]) * 60 + Number(offset[3])) : 0;
  // In UTC, the second that is over when the leap second begins.
  const before = toDate(
    Number(timestamp.slice(0, 4)),
    Number(timestamp.slice(5, 7)) - 1,
    Number(timestamp.slice(8, 10)),
  );
  before.setUTCHours(Number(timestamp.slice(11, 13)), Number(timestamp.slice(14, 16)) - minutes, 59);
  const isLastMinute = before.getUTCHours() === 23 && before.getUTCMinutes() === 59;
  return isLastMinute && before.getUTCDate() === lastDayOf(before.getUTCFullYear(), before.getUTCMonth());
}

function lastDayOf(year: number, month: number): number {
  // Day 0 of the next month is the last of this one.
  return toDate(year, month + 1, 0).getUTCDate();
}

/** Date.UTC reads the years 0 to 99 as 1900 to 1999. */
function toDate(year: number, month: number, day: number): Date {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  return date;
}
