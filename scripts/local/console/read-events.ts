import { MAX_BATCH_EVENTS } from "../../../shared/events/limits.ts";
import { parseJson, parseObject, toObject, toText } from "./parse-json.ts";
import type { EventRef } from "./protocol.ts";
import { keepText } from "./recorder.ts";

/** What is kept of an id or a type: whatever is valid, and the beginning of whatever is not. */
const LONGEST_NAME = 1100;

const members = ["event_type", "user_id", "event_id", "order_id"];

/**
 * Reads what a request's body says of its events.
 *
 * @param text one event, or an array of them; of what is not JSON, or was cut, the first event as far as it shows
 * @param isLines whether it has one event a line instead
 */
export function readEvents(text: string, isLines = false): EventRef[] {
  if (isLines) {
    // To `trim`, the byte order mark that a line may begin with is white space.
    const lines = text.split("\n").map((line) => line.trim());
    return lines.filter(Boolean).slice(0, MAX_BATCH_EVENTS).map(parseJson).map(toRef);
  }
  const whole = parseJson(text);
  if (Array.isArray(whole)) return whole.slice(0, MAX_BATCH_EVENTS).map(toRef);
  if (whole !== undefined) return [toRef(whole)];
  return text.trim() === "" ? [] : [toRef(Object.fromEntries(members.map((name) => [name, peek(text, name)])))];
}

/** @returns the user that a message's event names; empty where it names none */
export function readUser(text: string): string {
  return toName(parseObject(text).user_id);
}

function toRef(event: unknown): EventRef {
  const { event_type, user_id, event_id, order_id } = toObject(event);
  return { type: toName(event_type), user: toName(user_id), id: toName(event_id), order: toName(order_id) };
}

function toName(value: unknown): string {
  return keepText(toText(value), LONGEST_NAME);
}

/** The first member of this name with a text, wherever it is. */
function peek(text: string, name: string): unknown {
  const [, value = ""] = new RegExp(`"${name}"\\s*:\\s*("(?:[^"\\\\]|\\\\.)*")`).exec(text) ?? [];
  return parseJson(value);
}
