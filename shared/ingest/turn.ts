/** How long one request holds the event loop: everybody else waits meanwhile. */
const SLICE_MS = 20;

/** Those that wait for their next turn, of all requests. */
const waiting: (() => void)[] = [];

/** One turn in each round of the event loop: with many requests at once, small events would wait for a turn of each. */
function giveTurn(): void {
  waiting.shift()?.();
  if (waiting.length > 0) setImmediate(giveTurn);
}

/** Lets others have their turn while large bodies are read: a thousand events may have a million faults. */
export class Turn {
  #startedAt = 0;

  /** Waits for the next turn. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      waiting.push(() => {
        this.#startedAt = performance.now();
        resolve();
      });
      if (waiting.length === 1) setImmediate(giveTurn);
    });
  }

  /** Ends the turn when it has been long enough. Whoever calls it awaits what it returns, if anything. */
  yield(): Promise<void> | undefined {
    return performance.now() - this.#startedAt < SLICE_MS ? undefined : this.next();
  }

  /** Maps items, in as many turns as they need. */
  async map<T, R>(items: readonly T[], toResult: (item: T) => R): Promise<R[]> {
    const results: R[] = [];
    for (const item of items) {
      results.push(toResult(item));
      const pause = this.yield();
      if (pause) await pause;
    }
    return results;
  }
}
