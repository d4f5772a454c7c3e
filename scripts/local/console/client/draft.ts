import { useRef, useState } from "preact/hooks";
import { findEvent } from "../../../../shared/events/registry.ts";
import { JsonPlaces } from "./json-path.ts";

/** What stands in the sender; it outlives a reload of the page. */
export interface Draft {
  readonly text: string;
  readonly idempotencyKey: string;
  readonly traceparent: string;
  readonly copies: number;
  readonly users: number;
}

const PLACE = "pulsecart.draft";

/** @returns the sample of an event type as text for the editor */
export function toSampleText(type: string): string {
  return JSON.stringify(findEvent(type)?.event.sample ?? {}, null, 2);
}

/** What stands in the sender, and what writes into it. */
export interface WrittenDraft {
  /** As last drawn. */
  readonly drawn: Draft;
  /** As last written: on a slow page one sends before that is drawn. */
  readonly latest: { readonly current: Draft };
  write(part: Partial<Draft>): void;
}

/** The one draft of the page; what stood there last, else a sample. */
export function useDraft(): WrittenDraft {
  const [drawn, setDrawn] = useState(readDraft);
  const latest = useRef(drawn);
  const write = (part: Partial<Draft>) => {
    latest.current = { ...latest.current, ...part };
    // At once: a reload may come before the page is drawn anew.
    keepDraft(latest.current);
    setDrawn(latest.current);
  };
  return { drawn, latest, write };
}

function readDraft(): Draft {
  const fresh = { text: toSampleText("cart.abandoned"), idempotencyKey: "", traceparent: "", copies: 10, users: 1 };
  try {
    return { ...fresh, ...(JSON.parse(localStorage.getItem(PLACE) ?? "{}") as Partial<Draft>) };
  } catch {
    return fresh;
  }
}

/** Without a place to keep it (a private window), it ends with the page. */
function keepDraft(draft: Draft): void {
  try {
    localStorage.setItem(PLACE, JSON.stringify(draft));
  } catch {}
}

/** @returns the type that the text names, where it is one of ours: of a batch that of the first event */
export function readType(text: string): string {
  const [, type = ""] = /"event_type"\s*:\s*"([^"]*)"/.exec(text) ?? [];
  return findEvent(type) ? type : "";
}

/**
 * Makes a batch of one event, digit for digit; an `event_id` of its own and the user get a number where there are several.
 *
 * @param users how many the copies are of, in turn
 */
export function toBatch(text: string, copies: number, users: number): string {
  const places = new JsonPlaces(text);
  const counts = { user_id: users, event_id: copies };
  // From the last on: what goes in moves what is behind it.
  const ends = (["user_id", "event_id"] as const)
    .map((name) => ({ end: places.find(name).to - 1, count: counts[name] }))
    .filter(({ end }) => text[end] === '"')
    .sort((a, b) => b.end - a.end);
  const events = Array.from({ length: copies }, (_, index) =>
    ends.reduce((event, { end, count }) => {
      const number = index % count;
      return number === 0 ? event : `${event.slice(0, end)}-${number + 1}${event.slice(end)}`;
    }, text),
  );
  return `[${events.join(",")}]`;
}
