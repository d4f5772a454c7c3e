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

/** A body that is arriving, or waits for room, which it has or is refused long before it may be silent no longer. */
export interface Upload {
  /** Bytes as sent, so far. */
  readonly received: number;
  /** Ends it: it is late, or nobody takes it any more. */
  stop(problem: Problem): void;
}

/** All bodies that are arriving: a timer for each would cost 2 % of the CPU of an event, and most are there at once. */
const uploads = new Map<Upload, { ageMs: number; silentMs: number; seen: number }>();
let timer: NodeJS.Timeout | undefined;

/**
 * Watches a body until it is complete, or late: then it is stopped with request_timeout. Counts ticks instead of reading a
 * clock: while the event loop is busy, nobody is late.
 */
export function watchProgress(upload: Upload): void {
  const tickMs = timeLimits.silentMs / TICKS;
  // The tick that comes next is not a whole one: nobody is cut off early for it.
  uploads.set(upload, { ageMs: -tickMs, silentMs: -tickMs, seen: 0 });
  timer ??= setInterval(tick, tickMs, tickMs);
}

/** A body is complete, or was stopped. */
export function unwatchProgress(upload: Upload): void {
  uploads.delete(upload);
}

/** Stops all bodies that are arriving, or wait. */
export function stopUploads(problem: Problem): void {
  for (const upload of uploads.keys()) upload.stop(problem);
}

function tick(tickMs: number): void {
  if (uploads.size === 0) {
    clearInterval(timer);
    timer = undefined;
  }
  for (const [upload, watch] of uploads) {
    watch.ageMs += tickMs;
    watch.silentMs = upload.received === watch.seen ? watch.silentMs + tickMs : 0;
    watch.seen = upload.received;
    const limit = findLimit(watch.ageMs, watch.silentMs);
    if (limit) upload.stop(new Problem("request_timeout", limit));
  }
}

/** @returns what to say of the limit that a body has reached, if any */
function findLimit(ageMs: number, silentMs: number): string | undefined {
  const { silentMs: mostSilentMs, completeMs } = timeLimits;
  if (silentMs >= mostSilentMs) return `Nothing came of the body for ${mostSilentMs / 1000} s.`;
  if (ageMs < completeMs) return undefined;
  const remedies = "compress it with gzip, send a smaller event, or use a faster link";
  return `The body was not complete after ${completeMs / 1000} s: ${remedies}.`;
}
