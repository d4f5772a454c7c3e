import { type Batch, takeBatch } from "./batch.ts";
import { MAX_TIMER_MS } from "./hold.ts";
import type { Lane } from "./lane.ts";

/** Users whose next event is for one function, in turn, and how many requests the function gets. */
export class FunctionQueue {
  readonly lanes = new Set<Lane>();
  /** Requests under way. */
  open = 0;
  /** Whether one request must show that the function answers again before there are more. */
  isOnTrial = false;
  readonly #maxRequests: number;
  readonly #onReady: () => void;
  /** The function is left alone until then, by `performance.now()`. */
  #closedUntil = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param onReady called once the function need not be left alone any more */
  constructor(maxRequests: number, onReady: () => void) {
    this.#maxRequests = maxRequests;
    this.#onReady = onReady;
  }

  delete(lane: Lane): void {
    this.lanes.delete(lane);
    if (this.lanes.size === 0) this.#stopTimer();
  }

  /** For how long the function must still be left alone. */
  get closedMs(): number {
    return Math.max(0, this.#closedUntil - performance.now());
  }

  /** Leaves the function alone. @returns for how much longer than it would have been */
  close(milliseconds: number): number {
    const longerMs = milliseconds - this.closedMs;
    if (longerMs <= 0) return 0;
    this.isOnTrial = true;
    this.#closedUntil = performance.now() + milliseconds;
    this.#stopTimer();
    return longerMs;
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Puts the next request together. @returns undefined when there is none, or when it must wait */
  next(): Batch | undefined {
    if (this.lanes.size === 0 || this.open >= (this.isOnTrial ? 1 : this.#maxRequests)) return undefined;
    if (this.closedMs === 0) return takeBatch(this.lanes);
    const reopen = () => {
      this.#stopTimer();
      this.#onReady();
    };
    this.#timer ??= setTimeout(reopen, Math.min(Math.ceil(this.closedMs), MAX_TIMER_MS));
    return undefined;
  }
}
