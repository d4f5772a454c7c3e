import type { Accepted, ClientOptions } from "./api.ts";
import { noContext } from "./context.ts";
import type { Entry } from "./entry.ts";
import type { Refusal } from "./errors.ts";
import { Hold } from "./hold.ts";
import { type Answer, post } from "./request.ts";
import { toRetryDelay } from "./retry-delay.ts";

const ATTEMPT_TIMEOUT_MS = 15_000;

/** What an attempt came to, for the events in it that still have no outcome. */
export interface Attempted {
  /** After how long they may be sent again. */
  readonly delayMs: number;
  /** For how long the function must be left alone: it asked for more time than an event has. */
  readonly leaveAloneMs: number;
  /** Whether the function answered, and takes events. */
  readonly isAnswered: boolean;
}

/** What needs no rest. */
export const ANSWERED: Attempted = { delayMs: 0, leaveAloneMs: 0, isAnswered: true };

/** Sends events of one function in one request, and settles those whose outcome the answer tells. It never rejects. */
export type Attempt = (entries: readonly Entry[]) => Promise<Attempted>;

/** @returns the attempt over HTTP */
export function createAttempt(options: ClientOptions): Attempt {
  const { attemptTimeoutMs = ATTEMPT_TIMEOUT_MS } = options;
  return (entries) => {
    const [first] = entries as [Entry];
    const { context, traceparent } = first.call;
    // Of several events that were given apart, none's context is the request's.
    const isOfOneCall = entries.every(({ call }) => call === first.call);
    return (isOfOneCall ? context : noContext).run(async () => {
      const isBatch = entries.length > 1;
      const controller = new AbortController();
      const { signal } = controller;
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
      const abortFor = (reason: string) => () => controller.abort(new Error(reason));
      const onTimeout = abortFor(`nothing came within ${attemptTimeoutMs} ms`);
      const hold = new Hold(entries, attemptTimeoutMs, onTimeout, abortFor("nobody waits for the answer"));
      let answer: Answer | undefined;
      try {
        const request = {
          url: first.url as string,
          path: isBatch ? "/events/batch" : "/events/ingest",
          body: isBatch ? `[${entries.map(({ text }) => text).join()}]` : first.text,
          traceparent: entries.every(({ call }) => call.traceparent === traceparent) ? traceparent : undefined,
          signal,
        };
        // A token may never come, nor a `fetch` of the caller's end with its signal.
        answer = await Promise.race([post(request, options), aborted]);
      } catch (cause) {
        for (const entry of entries) entry.cause = cause;
      }
      hold.end();
      return answer?.status === 413 && isBatch ? halve(entries) : settle(entries, answer);
    });
  };
}

/** Members of an answer, or of one entry of a batch's. */
type Result = Readonly<Record<string, unknown>> & { readonly status: number };

/** Something between us and the producer takes less than it does: smaller batches may pass. */
function halve(entries: readonly Entry[]): Attempted {
  for (const entry of entries) {
    entry.limits = { ...entry.limits, events: Math.ceil(entries.length / 2) };
  }
  return ANSWERED;
}

function settle(entries: readonly Entry[], answer: Answer | undefined): Attempted {
  const results = answer && readResults(entries, answer);
  let isAnswered = false;
  entries.forEach((entry, i) => {
    if (!answer) return;
    const result = results?.[i];
    entry.cause = undefined;
    entry.last = { status: answer.status };
    if (result && settleBy(entry, result)) isAnswered = true;
  });
  const open = entries.filter(({ isSettled }) => !isSettled);
  const retryAfterMs = answer?.retryAfterMs ?? 0;
  const now = performance.now();
  const leaveAloneMs = open.some(({ deadline }) => deadline < now + retryAfterMs) ? retryAfterMs : 0;
  // What is overdue has waited long enough: the process was frozen.
  const isOverdue = leaveAloneMs === 0 && open.some(({ wasFrozen }) => wasFrozen);
  const attempts = Math.max(...open.map((entry) => entry.attempts), 1);
  const delayMs = isOverdue ? 0 : toRetryDelay(attempts, retryAfterMs);
  for (const entry of open) {
    const hasTime = leaveAloneMs > 0 ? now + delayMs <= entry.deadline : entry.hasTimeFor(delayMs);
    if (!hasTime) entry.giveUp();
  }
  return { delayMs, leaveAloneMs, isAnswered };
}

/** @returns what an answer says of each event; undefined for none of the producer's, which says nothing about the events */
function readResults(entries: readonly Entry[], { status, text }: Answer): Result[] | undefined {
  let members: Readonly<Record<string, unknown>> = {};
  try {
    members = Object(JSON.parse(text));
  } catch {
    // A page of whatever stands between.
  }
  const hasResults = entries.length > 1 && (status < 300 || Array.isArray(members.results));
  const results = hasResults ? members.results : entries.map(() => ({ ...members, status }));
  if (!Array.isArray(results) || results.length !== entries.length) return undefined;
  const isOfEvent = (result: Result, i: number) =>
    result.status >= 300 ||
    (result.status === 202 && typeof result.message_id === "string" && result.event_id === entries[i]?.eventId);
  return results.every((result, i) => isOfEvent(Object(result), i)) ? results : undefined;
}

/** Settles an event by what its answer says: this is the retry rule. @returns whether it did; else it is sent again */
function settleBy(entry: Entry, { status, retryable, ...members }: Result): boolean {
  const [code, detail] = [members.code, members.detail].map((it) => (typeof it === "string" ? it : undefined));
  if (status < 300) {
    const { event_id, message_id, warnings, warnings_omitted } = members as unknown as Accepted;
    entry.settle({
      event_id,
      message_id,
      ...(warnings && { warnings }),
      ...(warnings_omitted && { warnings_omitted }),
    });
    return true;
  }
  if ((status >= 500 || status === 408 || status === 429) && retryable !== false) {
    entry.last = { status, code, detail };
    return false;
  }
  const errors = Array.isArray(members.errors) ? members.errors : [];
  const errors_omitted = members.errors_omitted as Refusal["errors_omitted"];
  entry.refuse({ status, code, detail: detail ?? `The answer is ${status}.`, errors, errors_omitted });
  return true;
}
