import { setImmediate } from "node:timers/promises";

/** How long one request holds the event loop: everybody else waits meanwhile. */
const SLICE_MS = 20;

/** Lets others have their turn while a batch is read: a thousand events may have a million faults. */
export class Turn {
  #startedAt = performance.now();

  /** Ends the turn when it has been long enough. Whoever calls it awaits what it returns, if anything. */
  yield(): Promise<void> | undefined {
    if (performance.now() - this.#startedAt < SLICE_MS) return undefined;
    return setImmediate().then(() => {
      this.#startedAt = performance.now();
    });
  }
}
