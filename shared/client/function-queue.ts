import { Batch } from "./batch.ts";
import { type Entry, MAX_TIMER_MS } from "./entry.ts";
import type { Lane } from "./lane.ts";

/** A request that may be sent now. */
export interface NextRequest {
  readonly entries: readonly Entry[];
  readonly lanes: readonly Lane[];
  /** Tells that it has ended. */
  readonly end: () => void;
}

/** Users whose next event is for one function, and how many requests the function gets. */
export class FunctionQueue {
  readonly #maxRequests: number;
  readonly #onReady: () => void;
  /** Those whose next event goes alone, those that share batches, and those in trouble: they share batches of their own. */
  readonly #kinds = ["alone", "shared", "troubled"].map((name) => ({ name, lanes: new Set<Lane>(), open: 0 }));
  /** Which kind is next. */
  #turn = 0;
  /** The function is left alone until then, by `performance.now()`. */
  #closedUntil = 0;
  /** Whether one request must show that the function answers again before there are more. */
  #isOnTrial = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param onReady called once the function need not be left alone any more */
  constructor(maxRequests: number, onReady: () => void) {
    this.#maxRequests = maxRequests;
    this.#onReady = onReady;
  }

  add(lane: Lane): void {
    const name = lane.isTroubled ? "troubled" : lane.head?.limits ? "shared" : "alone";
    this.#kinds.find((kind) => kind.name === name)?.lanes.add(lane);
  }

  delete(lane: Lane): void {
    for (const { lanes } of this.#kinds) lanes.delete(lane);
    if (this.#kinds.every(({ lanes }) => lanes.size === 0)) this.#stopTimer();
  }

  /** For how long the function must still be left alone. */
  get closedMs(): number {
    return Math.max(0, this.#closedUntil - performance.now());
  }

  /** Leaves the function alone. @returns for how much longer than it would have been */
  close(milliseconds: number): number {
    const before = this.closedMs;
    if (milliseconds <= before) return 0;
    this.#isOnTrial = true;
    this.#closedUntil = performance.now() + milliseconds;
    this.#stopTimer();
    return milliseconds - before;
  }

  /** Says that the function answered. */
  reopen(): void {
    this.#isOnTrial = false;
  }

  get isOnTrial(): boolean {
    return this.#isOnTrial;
  }

  /** Puts the next request together. @returns undefined when there is none, or when it must wait */
  next(): NextRequest | undefined {
    if (this.#kinds.every(({ lanes }) => lanes.size === 0)) return undefined;
    if (this.closedMs > 0) {
      this.#timer ??= setTimeout(
        () => {
          this.#stopTimer();
          this.#onReady();
        },
        Math.min(Math.ceil(this.closedMs), MAX_TIMER_MS),
      );
      return undefined;
    }
    const most = this.#isOnTrial ? 1 : this.#maxRequests;
    if (this.#kinds.reduce((sum, { open }) => sum + open, 0) >= most) return undefined;
    for (let i = 0; i < this.#kinds.length; i++) {
      const kind = this.#kinds[(this.#turn + i) % this.#kinds.length];
      if (!kind || kind.lanes.size === 0) continue;
      // Users in trouble leave room for the others.
      if (kind.name === "troubled" && kind.open > 0 && kind.open >= most / 2) continue;
      this.#turn += i + 1;
      kind.open++;
      const end = () => {
        kind.open--;
      };
      return { ...fill(kind.lanes), end };
    }
    return undefined;
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

function fill(waiting: Set<Lane>) {
  const batch = new Batch();
  const lanes: Lane[] = [];
  for (const lane of waiting) {
    if (batch.take(lane)) lanes.push(lane);
    if (batch.isFull) break;
  }
  for (const lane of lanes) waiting.delete(lane);
  return { entries: batch.entries, lanes };
}
