import type { Accepted } from "./api.ts";
import type { Entry } from "./entry.ts";
import { type FieldError, RefusedError } from "./errors.ts";

/** An answer, whoever gave it. */
export interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  /** The body as JSON; undefined where it is none. */
  readonly body: unknown;
}

/** What an answer says of one event: its outcome, or `again` with the status. */
export type Verdict = Accepted | { readonly error: RefusedError } | { readonly again: number };

type Members = Readonly<Record<string, unknown>>;

/**
 * Reads what an answer says of each event: this is the retry rule.
 *
 * @param isBatch whether the events were sent as a batch
 * @returns a verdict for each event, in order; undefined where the answer is none that the producer gives, which says
 * nothing about the events
 */
export function readVerdicts(
  entries: readonly Entry[],
  isBatch: boolean,
  { status, body }: Answer,
): Verdict[] | undefined {
  const members: Members = Object(body);
  const hasResults = isBatch && (status < 300 || Array.isArray(members.results));
  const results = hasResults ? members.results : entries.map(() => ({ ...members, status }));
  if (!Array.isArray(results) || results.length !== entries.length) return undefined;
  const verdicts = entries.map((entry, i) => readVerdict(entry, Object(results[i])));
  return verdicts.every((verdict) => verdict !== undefined) ? verdicts : undefined;
}

/** @returns undefined for a success that is none */
function readVerdict({ eventId }: Entry, members: Members): Verdict | undefined {
  const { status, event_id, message_id, warnings, code, errors, detail, retryable } = members;
  if (typeof status !== "number") return undefined;
  if (status < 300) {
    if (status !== 202 || typeof message_id !== "string" || event_id !== eventId) return undefined;
    return { event_id, message_id, ...(Array.isArray(warnings) && { warnings: warnings as FieldError[] }) };
  }
  if ((status >= 500 || status === 408 || status === 429) && retryable !== false) return { again: status };
  const refusal = {
    status,
    code: typeof code === "string" ? code : undefined,
    errors: Array.isArray(errors) ? (errors as FieldError[]) : undefined,
    event_id: eventId,
  };
  return { error: new RefusedError(typeof detail === "string" ? detail : `The answer is ${status}.`, refusal) };
}
