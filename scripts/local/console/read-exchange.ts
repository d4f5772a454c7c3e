import type { EventRef, Outcome } from "./protocol.ts";

/** As many as a batch holds. */
const MOST_EVENTS = 1000;

/**
 * Reads what a request's body says of its events.
 *
 * @param text one event, an array of them, or one a line; of what is not JSON, or was cut, the first event as far as it shows
 */
export function readEvents(text: string): EventRef[] {
  const whole = parseJson(text);
  if (Array.isArray(whole)) return whole.slice(0, MOST_EVENTS).map(toRef);
  if (whole !== undefined) return [toRef(whole)];
  const lines = text.split("\n", MOST_EVENTS + 1).filter((line) => line.trim() !== "");
  const events = lines.length > 1 ? lines.map(parseJson) : [];
  if (events.some((event) => event !== undefined)) return events.slice(0, MOST_EVENTS).map(toRef);
  return text.trim() === ""
    ? []
    : [{ type: peek(text, "event_type"), user: peek(text, "user_id"), id: peek(text, "event_id") }];
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
  const outcome = { status, code, id: toText(answer.event_id) };
  return { code, body, outcomes: Array<Outcome>(events).fill(outcome) };
}

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

function toOutcome({ status, code, event_id }: Readonly<Record<string, unknown>>): Outcome {
  return { status: typeof status === "number" ? status : 0, code: toText(code), id: toText(event_id) };
}

function toRef(event: unknown): EventRef {
  const { event_type, user_id, event_id } = toObject(event);
  return { type: toText(event_type), user: toText(user_id), id: toText(event_id) };
}

function toObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function toText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The first member of this name with a text, wherever it is. */
function peek(text: string, name: string): string {
  const [, value = ""] = new RegExp(`"${name}"\\s*:\\s*("(?:[^"\\\\]|\\\\.)*")`).exec(text) ?? [];
  return toText(parseJson(value));
}
