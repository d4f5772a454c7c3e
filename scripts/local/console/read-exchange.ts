import { MAX_BATCH_EVENTS } from "../../../shared/events/limits.ts";
import { keepText } from "./kept-text.ts";
import type { EventRef, NamedFault, Outcome } from "./protocol.ts";

/** What is kept of an id or a type: whatever is valid, and the beginning of whatever is not. */
const LONGEST_NAME = 1100;
const MOST_FAULTS = 20;

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

/**
 * Reads what an answer says of the events that were sent.
 *
 * @param events how many there were
 */
export function readAnswer(
  body: string,
  status: number,
  events: number,
): { readonly code: string; readonly body: string; readonly outcomes: readonly Outcome[] } {
  const answer = toObject(parseJson(body));
  const code = toText(answer.code);
  if (Array.isArray(answer.results)) return { code, body, outcomes: answer.results.map(toObject).map(toOutcome) };
  const outcome = { ...toOutcome(answer), status };
  return { code, body, outcomes: Array<Outcome>(events).fill(outcome) };
}

const members = ["event_type", "user_id", "event_id", "order_id"];

/** @returns the user that a message's event names; empty where it names none */
export function readUser(text: string): string {
  return toText(toObject(parseJson(text)).user_id);
}

/** @returns undefined for what is not JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toOutcome({
  status,
  code,
  event_id,
  message_id,
  detail,
  ...lists
}: Readonly<Record<string, unknown>>): Outcome {
  const warnings = toList(lists.warnings);
  const faults = [
    ...toList(lists.errors).map(toFault),
    ...warnings.map((each) => ({ ...toFault(each), isWarning: true })),
  ];
  return {
    status: typeof status === "number" ? status : 0,
    code: toText(code),
    id: toText(event_id),
    messageId: toText(message_id),
    warnings: warnings.length + (Number(lists.warnings_omitted) || 0),
    ...(typeof detail === "string" && { detail }),
    ...(faults.length > 0 && { faults: faults.slice(0, MOST_FAULTS) }),
  };
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function toFault(fault: unknown): NamedFault {
  const { path, message } = toObject(fault);
  return { path: toText(path), message: toText(message) };
}

function toRef(event: unknown): EventRef {
  const { event_type, user_id, event_id, order_id } = toObject(event);
  return { type: toText(event_type), user: toText(user_id), id: toText(event_id), order: toText(order_id) };
}

function toObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function toText(value: unknown): string {
  return typeof value !== "string" ? "" : value.length > LONGEST_NAME ? keepText(value, LONGEST_NAME) : value;
}

/** The first member of this name with a text, wherever it is. */
function peek(text: string, name: string): string {
  const [, value = ""] = new RegExp(`"${name}"\\s*:\\s*("(?:[^"\\\\]|\\\\.)*")`).exec(text) ?? [];
  return toText(parseJson(value));
}
