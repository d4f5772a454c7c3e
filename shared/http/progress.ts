import { Problem } from "./problem.ts";

/** How long a caller may take, in milliseconds. Not constants, so that a test need not wait as long as a caller may. */
export const timeLimits = {
  /** Until the headers are complete. */
  headersMs: 10_000,
  /** Without a byte of the body. */
  silentMs: 10_000,
  /** Until the body is complete: its wait for room, its way and Pub/Sub's 10 s have the platform's 30 s together. */
  completeMs: 18_000,
  /** Until the rest of a body has come that was refused, or the caller has ended a connection that we have ended. */
  lingerMs: 10_000,
  /** Until an answer is read. */
  unreadMs: 10_000,
};

/** Looked at this often in the time that a body may be silent. */
const TICKS = 20;

/** How a body is getting on. */
export interface Upload {
  /** Bytes as sent, so far. */
  readonly received: number;
  /** Whether it is we who do not read. */
  readonly isPaused: boolean;
}

/** A body that is watched. */
interface Watch extends Readonly<{ upload: Upload; onLate: (problem: Problem) => void }> {
  ageMs: number;
  silentMs: number;
  seen: number;
}

/** All bodies that are arriving: a timer for each would cost 2 % of the CPU of an event, and most are there at once. */
const watches = new Set<Watch>();
let timer: NodeJS.Timeout | undefined;

/**
 * Watches a body until it is complete. Counts ticks instead of reading a clock: while the event loop is busy, nobody is late.
 *
 * @param onLate is called once, with request_timeout, when the body must be cut off
 * @returns a function that ends the watch
 */
export function watchProgress(upload: Upload, onLate: (problem: Problem) => void): () => void {
  const tickMs = timeLimits.silentMs / TICKS;
  // The tick that comes next is not a whole one: nobody is cut off early for it.
  const watch: Watch = { upload, onLate, ageMs: -tickMs, silentMs: -tickMs, seen: 0 };
  watches.add(watch);
  timer ??= setInterval(tick, tickMs, tickMs);
  return () => watches.delete(watch);
}

function tick(tickMs: number): void {
  if (watches.size === 0) {
    clearInterval(timer);
    timer = undefined;
  }
  for (const watch of watches) {
    const { upload } = watch;
    watch.ageMs += tickMs;
    if (!upload.isPaused) {
      watch.silentMs = upload.received === watch.seen ? watch.silentMs + tickMs : 0;
      watch.seen = upload.received;
    }
    const limit = findLimit(watch);
    if (!limit) continue;
    watches.delete(watch);
    watch.onLate(new Problem("request_timeout", limit));
  }
}

/** @returns what to say of the limit that a body has reached, if any */
function findLimit({ ageMs, silentMs }: Watch): string | undefined {
  const { silentMs: mostSilentMs, completeMs } = timeLimits;
  if (silentMs >= mostSilentMs) return `Nothing came of the body for ${mostSilentMs / 1000} s.`;
  if (ageMs < completeMs) return undefined;
  const remedies = "compress it with gzip, send a smaller event, or use a faster link";
  return `The body was not complete after ${completeMs / 1000} s: ${remedies}.`;
}
