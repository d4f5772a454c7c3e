const TICK_MS = 500;

/** A body is cut off after so long without a byte, and from then on when it is slower than its floor. */
const GRACE_MS = 10_000;

/** The same for one that holds room while others wait for it. */
const CROWDED_GRACE_MS = 5000;

/** Bytes a second that a body must make on average after its grace. */
const SMALL_FLOOR = 1024;
const LARGE_FLOOR = 64 * 1024;

/** Room, body and Pub/Sub (10 s) have the platform's 30 s together. */
const LONGEST_MS = 18_000;

/** How a body is getting on. */
export interface Upload {
  /** Bytes as sent, so far. */
  readonly received: number;
  /** Whether it is we who do not read. */
  readonly isPaused: boolean;
  /** Whether it holds room among the large. */
  readonly isLarge: boolean;
  /** Whether others wait for that room. */
  readonly isCrowded: boolean;
}

/**
 * Watches a body for progress. Counts ticks instead of reading a clock: while the event loop is busy, nobody is late.
 *
 * @param onStuck is called once, when the body must be cut off
 * @returns a function that ends the watch
 */
export function watchProgress(upload: Upload, onStuck: () => void): () => void {
  let age = 0;
  let active = 0;
  let silent = 0;
  let seen = 0;
  const timer = setInterval(() => {
    age += TICK_MS;
    if (!upload.isPaused) {
      active += TICK_MS;
      silent = upload.received === seen ? silent + TICK_MS : 0;
      seen = upload.received;
    }
    const grace = upload.isCrowded ? CROWDED_GRACE_MS : GRACE_MS;
    const due = ((upload.isLarge ? LARGE_FLOOR : SMALL_FLOOR) * (active - grace)) / 1000;
    if (silent < grace && upload.received >= due && age < LONGEST_MS) return;
    clearInterval(timer);
    onStuck();
  }, TICK_MS);
  return () => clearInterval(timer);
}
