import type { Accepted } from "./api.ts";
import type { Entry } from "./entry.ts";
import type { LastAnswer, Refusal } from "./errors.ts";

/** An answer, whoever gave it. */
export interface Answer {
  readonly status: number;
  readonly retryAfterMs: number;
  readonly text: string;
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
  { status, text }: Answer,
): Verdict[] | undefined {
  const members = parse(text);
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
    return { accepted: { event_id, message_id, ...readFaults(members, "warnings") } };
  }
  const code = typeof members.code === "string" ? members.code : undefined;
  const detail = typeof members.detail === "string" ? members.detail : undefined;
  const isAgain = (status >= 500 || status === 408 || status === 429) && retryable !== false;
  if (isAgain) return { again: { status, code, detail } };
  return { refused: { status, code, detail: detail ?? `The answer is ${status}.`, ...readFaults(members, "errors") } };
}

/** @returns the faults of an answer, and how many it leaves out, where it has them */
function readFaults(members: Members, name: "warnings" | "errors") {
  const [faults, omitted] = [members[name], members[`${name}_omitted`]];
  return {
    ...(Array.isArray(faults) && { [name]: faults }),
    ...(typeof omitted === "number" && { [`${name}_omitted`]: omitted }),
  };
}

/** @returns no members for what is no JSON object */
function parse(text: string): Members {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
