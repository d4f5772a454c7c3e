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

/** A body that is watched, and how it has been getting on. */
interface Watch {
  readonly upload: Upload;
  readonly onStuck: () => void;
  age: number;
  active: number;
  silent: number;
  seen: number;
}

/** All bodies that are arriving: a timer for each would cost 2 % of the CPU of an event, and most are there at once. */
const watches = new Set<Watch>();
let timer: NodeJS.Timeout | undefined;

/**
 * Watches a body for progress. Counts ticks instead of reading a clock: while the event loop is busy, nobody is late.
 *
 * @param onStuck is called once, when the body must be cut off
 * @returns a function that ends the watch
 */
export function watchProgress(upload: Upload, onStuck: () => void): () => void {
  // The tick that comes next is not a whole one: nobody is cut off early for it.
  const watch: Watch = { upload, onStuck, age: -TICK_MS, active: -TICK_MS, silent: -TICK_MS, seen: 0 };
  watches.add(watch);
  timer ??= setInterval(tick, TICK_MS);
  return () => watches.delete(watch);
}

function tick(): void {
  if (watches.size === 0) {
    clearInterval(timer);
    timer = undefined;
  }
  for (const watch of watches) {
    if (!isStuck(watch)) continue;
    watches.delete(watch);
    watch.onStuck();
  }
}

function isStuck(watch: Watch): boolean {
  const { upload } = watch;
  watch.age += TICK_MS;
  if (!upload.isPaused) {
    watch.active += TICK_MS;
    watch.silent = upload.received === watch.seen ? watch.silent + TICK_MS : 0;
    watch.seen = upload.received;
  }
  const grace = upload.isCrowded ? CROWDED_GRACE_MS : GRACE_MS;
  const due = ((upload.isLarge ? LARGE_FLOOR : SMALL_FLOOR) * (watch.active - grace)) / 1000;
  return watch.silent >= grace || upload.received < due || watch.age >= LONGEST_MS;
}
