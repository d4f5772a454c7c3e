import type { AbortSignalLike } from "./api.ts";
import type { Entry } from "./entry.ts";
import { AbortError } from "./errors.ts";

/** What a timer can wait for; it fires at once when told to wait longer. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Settles what has no outcome when the time is over, or the caller's signal aborts.
 *
 * @param entries the events of one call
 */
export function limitTime(entries: readonly Entry[], timeoutMs: number, signal: AbortSignalLike | undefined): void {
  const deadline = performance.now() + timeoutMs;
  const giveUp = () => {
    for (const entry of entries) entry.giveUp();
  };
  const abort = () => {
    for (const entry of entries) entry.settle({ error: new AbortError(entry.eventId, signal?.reason) });
  };
  const timer = timeoutMs <= MAX_TIMER_MS ? setTimeout(giveUp, timeoutMs) : undefined;
  if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort);
  for (const entry of entries) entry.deadline = deadline;
  void Promise.all(entries.map(({ outcome }) => outcome)).then(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  });
}
