import { functions } from "./functions.ts";
import { findMemberValue } from "./json-path.ts";

/** What stands in the sender; it outlives a reload of the page. */
export interface Draft {
  readonly text: string;
  readonly idempotencyKey: string;
  readonly traceparent: string;
  readonly copies: number;
  readonly users: number;
}

const PLACE = "pulsecart.draft";
const samples = new Map(
  functions.flatMap(({ events }) => Object.values(events).map(({ type, sample }) => [type, sample] as const)),
);

/** @returns the sample of an event type as text for the editor */
export function toSampleText(type: string): string {
  return JSON.stringify(samples.get(type) ?? {}, null, 2);
}

/** @returns what stood there last, else a sample */
export function readDraft(): Draft {
  const fresh = { text: toSampleText("cart.abandoned"), idempotencyKey: "", traceparent: "", copies: 10, users: 1 };
  try {
    return { ...fresh, ...(JSON.parse(localStorage.getItem(PLACE) ?? "{}") as Partial<Draft>) };
  } catch {
    return fresh;
  }
}

/** Without a place to keep it (a private window), it ends with the page. */
export function keepDraft(draft: Draft): void {
  try {
    localStorage.setItem(PLACE, JSON.stringify(draft));
  } catch {}
}

/** @returns the type that the text names, where it is one of ours: of a batch that of the first event */
export function readType(text: string): string {
  const [, type = ""] = /"event_type"\s*:\s*"([^"]*)"/.exec(text) ?? [];
  return samples.has(type) ? type : "";
}

/**
 * Makes a batch of one event, digit for digit; an `event_id` of its own and the user get a number where there are several.
 *
 * @param users how many the copies are of, in turn
 */
export function toBatch(text: string, copies: number, users: number): string {
  const events = Array.from({ length: copies }, (_, index) => {
    const numbered = users > 1 ? suffix(text, "user_id", index % users) : text;
    return suffix(numbered, "event_id", index);
  });
  return `[${events.join(",")}]`;
}

function suffix(text: string, name: string, number: number): string {
  const value = findMemberValue(text, name);
  if (!value || text[value.to - 1] !== '"' || number === 0) return text;
  return `${text.slice(0, value.to - 1)}-${number + 1}${text.slice(value.to - 1)}`;
}
