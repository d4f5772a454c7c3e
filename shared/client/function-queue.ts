import { takeBatch } from "./batch.ts";
import type { Entry } from "./entry.ts";
import { MAX_TIMER_MS } from "./hold.ts";
import type { Lane } from "./lane.ts";

/** A request that may be sent now. */
export interface NextRequest {
  readonly entries: readonly Entry[];
  readonly lanes: readonly Lane[];
  /** Whether it is of users in trouble, who share batches of their own. */
  readonly isTroubled: boolean;
}

/** Users whose next event is for one function, and how many requests the function gets. */
export class FunctionQueue {
  readonly #maxRequests: number;
  readonly #onReady: () => void;
  readonly #healthy = new Set<Lane>();
  readonly #troubled = new Set<Lane>();
  #open = 0;
  #openTroubled = 0;
  #wasTroubled = false;
  /** The function is left alone until then, by `performance.now()`. */
  #closedUntil = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether one request must show that the function answers again before there are more. */
  isOnTrial = false;

  /** @param onReady called once the function need not be left alone any more */
  constructor(maxRequests: number, onReady: () => void) {
    this.#maxRequests = maxRequests;
    this.#onReady = onReady;
  }

  add(lane: Lane): void {
    (lane.isTroubled ? this.#troubled : this.#healthy).add(lane);
  }

  delete(lane: Lane): void {
    this.#healthy.delete(lane);
    this.#troubled.delete(lane);
    if (this.#isEmpty) this.#stopTimer();
  }

  get #isEmpty(): boolean {
    return this.#healthy.size + this.#troubled.size === 0;
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
  next(): NextRequest | undefined {
    if (this.#isEmpty) return undefined;
    if (this.closedMs > 0) {
      const reopen = () => {
        this.#stopTimer();
        this.#onReady();
      };
      this.#timer ??= setTimeout(reopen, Math.min(Math.ceil(this.closedMs), MAX_TIMER_MS));
      return undefined;
    }
    const most = this.isOnTrial ? 1 : this.#maxRequests;
    if (this.#open >= most) return undefined;
    // Users in trouble take turns with the others, and leave half of the requests to them.
    const mayBeTroubled = this.#troubled.size > 0 && (this.#openTroubled === 0 || this.#openTroubled < most / 2);
    const isTroubled = mayBeTroubled && (!this.#wasTroubled || this.#healthy.size === 0);
    const waiting = isTroubled ? this.#troubled : this.#healthy;
    if (waiting.size === 0) return undefined;
    this.#wasTroubled = isTroubled;
    this.count(isTroubled, 1);
    return { ...takeBatch(waiting), isTroubled };
  }

  /** Counts requests that are under way. */
  count(isTroubled: boolean, change: 1 | -1): void {
    this.#open += change;
    if (isTroubled) this.#openTroubled += change;
  }
}
