import type { Entry } from "./entry.ts";

/** An answer, whoever gave it. */
export interface Answer {
  readonly status: number;
  readonly retryAfterMs: number;
  readonly text: string;
}

/** Members of an answer, or of one entry of a batch's. */
export type Result = Readonly<Record<string, unknown>> & { readonly status: number };

/**
 * Reads what an answer says of each event.
 *
 * @param isBatch whether the events were sent as a batch
 * @returns a result for each event, in order; undefined where the answer is none that the producer gives, which says
 * nothing about the events
 */
export function readResults(entries: readonly Entry[], isBatch: boolean, answer: Answer): Result[] | undefined {
  const { status, text } = answer;
  const members = parse(text);
  const hasResults = isBatch && (status < 300 || Array.isArray(members.results));
  const results = hasResults ? members.results : entries.map(() => ({ ...members, status }));
  if (!Array.isArray(results) || results.length !== entries.length) return undefined;
  return results.every((result, i) => isResult(Object(result), entries[i])) ? results : undefined;
}

/** Whether it says of this event that it was accepted, or that it was not. */
function isResult({ status, event_id, message_id }: Result, entry: Entry | undefined): boolean {
  if (status >= 300) return true;
  return status === 202 && typeof message_id === "string" && event_id === entry?.eventId;
}

/** @returns no members for what is no JSON object */
function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
