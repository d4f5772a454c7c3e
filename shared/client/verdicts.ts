import type { Accepted } from "./api.ts";
import type { Entry } from "./entry.ts";
import type { FieldError, LastAnswer, Refusal } from "./errors.ts";

/** An answer, whoever gave it. */
export interface Answer {
  readonly status: number;
  readonly retryAfterMs: number;
  /** The body as JSON; undefined where it is none. */
  readonly body: unknown;
}

/** What an answer says of one event: its outcome, or why it is sent again. */
export type Verdict = { readonly accepted: Accepted } | { readonly refused: Refusal } | { readonly again: LastAnswer };

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
  const { status, event_id, message_id, retryable } = members;
  if (typeof status !== "number") return undefined;
  if (status < 300) {
    if (status !== 202 || typeof message_id !== "string" || event_id !== eventId) return undefined;
    const [warnings, warnings_omitted] = [readFaults(members.warnings), readCount(members.warnings_omitted)];
    return {
      accepted: { event_id, message_id, ...(warnings && { warnings }), ...(warnings_omitted && { warnings_omitted }) },
    };
  }
  const [code, detail] = [readText(members.code), readText(members.detail)];
  if ((status >= 500 || status === 408 || status === 429) && retryable !== false)
    return { again: { status, code, detail } };
  const [errors, errors_omitted] = [readFaults(members.errors), readCount(members.errors_omitted)];
  return { refused: { status, code, detail: detail ?? `The answer is ${status}.`, errors, errors_omitted } };
}

function readFaults(value: unknown): readonly FieldError[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

function readCount(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function readText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
