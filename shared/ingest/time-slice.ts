/** How long one request holds the event loop: everybody else waits meanwhile. */
const SLICE_MS = 20;

/** What a step yields where the next one is long by itself: it begins in a time slice of its own. */
export const LONG = "long";

/** Work in steps, between which others can have their time slice. */
export type Steps<T> = Generator<typeof LONG | undefined, T, undefined>;

/** Those that wait for their next time slice, of all requests. */
const waiting: (() => void)[] = [];

/** One in each round of the event loop: with many requests at once, small events would wait for a slice of each. */
function giveSlice(): void {
  waiting.shift()?.();
  if (waiting.length > 0) setImmediate(giveSlice);
}

/** @returns what the work comes to, in one go */
export function runAtOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Lets others have their time slice while large bodies are worked on: a thousand events may have a million faults. */
export class TimeSlice {
  #startedAt = 0;

  /** Waits for the next time slice. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      waiting.push(() => {
        this.#startedAt = performance.now();
        resolve();
      });
      if (waiting.length === 1) setImmediate(giveSlice);
    });
  }

  /** Does work in as many time slices as it needs. @returns what it comes to */
  async run<T>(steps: Steps<T>): Promise<T> {
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
      if (step.value === LONG || performance.now() - this.#startedAt >= SLICE_MS) await this.next();
    }
  }
}
