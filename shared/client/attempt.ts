import type { ClientOptions } from "./api.ts";
import { toBatchBody } from "./batch.ts";
import type { Entry } from "./entry.ts";
import type { FunctionName } from "./events.ts";
import { post } from "./request.ts";
import { toRetryDelay } from "./retry-delay.ts";
import { type Answer, readVerdicts } from "./verdicts.ts";

const ATTEMPT_TIMEOUT_MS = 15_000;

/** Sends events of one function in one request, and settles those whose outcome the answer tells. */
export type Attempt = (
  entries: readonly Entry[],
) => Promise<{ readonly again: readonly Entry[]; readonly delayMs: number }>;

/**
 * @param urls the functions' URLs, without a slash at the end
 * @returns the attempt: it resolves to the events that must be sent again, in order, and after how long; it never rejects
 */
export function createAttempt(urls: ReadonlyMap<FunctionName, string>, options: ClientOptions): Attempt {
  return async (entries) => {
    const [first] = entries as [Entry];
    const isBatch = entries.length > 1;
    const { signal, close } = openSignal(entries, options.attemptTimeoutMs ?? ATTEMPT_TIMEOUT_MS);
    for (const entry of entries) entry.attempts++;
    let answer: Answer | undefined;
    try {
      answer = await post({
        url: urls.get(first.target) as string,
        path: isBatch ? "/events/batch" : "/events/ingest",
        body: isBatch ? toBatchBody(entries) : first.body,
        token: options.token,
        gzip: options.gzip ?? false,
        signal,
      });
    } catch (cause) {
      for (const entry of entries) entry.cause = cause;
    } finally {
      close();
    }
    if (answer?.status === 413 && isBatch) return { again: halve(entries), delayMs: 0 };
    return settle(entries, isBatch, answer);
  };
}

/** A signal that aborts when the time is over, or when nobody waits for any of the events. */
function openSignal(entries: readonly Entry[], timeoutMs: number): { signal: AbortSignal; close(): void } {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error(`No answer within ${timeoutMs} ms.`)), timeoutMs);
  for (const entry of entries) {
    entry.onSettled = () => {
      if (entries.every(({ isSettled }) => isSettled)) controller.abort(new Error("Nobody waits for the answer."));
    };
  }
  return {
    signal: controller.signal,
    close() {
      clearTimeout(timer);
      for (const entry of entries) entry.onSettled = undefined;
    },
  };
}

/** Something between us and the producer takes less than it does: smaller batches may pass. */
function halve(entries: readonly Entry[]): Entry[] {
  const open = entries.filter(({ isSettled }) => !isSettled);
  for (const entry of open) {
    if (entry.limits) entry.limits = { ...entry.limits, events: Math.ceil(entries.length / 2) };
  }
  return open;
}

function settle(entries: readonly Entry[], isBatch: boolean, answer: Answer | undefined) {
  const verdicts = answer && readVerdicts(entries, isBatch, answer);
  const again: Entry[] = [];
  entries.forEach((entry, i) => {
    const verdict = verdicts?.[i];
    if (verdict && !("again" in verdict)) {
      entry.settle(verdict);
      return;
    }
    entry.lastStatus = verdict?.again ?? answer?.status ?? entry.lastStatus;
    if (answer) entry.cause = undefined;
    again.push(entry);
  });
  const delayMs = toRetryDelay(Math.max(...again.map(({ attempts }) => attempts), 1), answer?.retryAfter ?? null);
  for (const entry of again) {
    if (performance.now() + delayMs > entry.deadline) entry.giveUp();
  }
  return { again: again.filter(({ isSettled }) => !isSettled), delayMs };
}
