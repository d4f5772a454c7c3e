import { Problem } from "./problem.ts";

const KIB = 1024;

/** Up to here a body is small: it is counted as it comes and never waits for a large one. */
export const SMALL_BODY_BYTES = 128 * KIB;

/** A request itself: its headers, and the objects around it. */
export const REQUEST_BYTES = 4 * KIB;

/** How long a large body waits for room; what it then has of the platform's 30 s is for the body and for Pub/Sub. */
const WAIT_MS = 4000;

/** A lease that waits for room among the large. */
export interface Waiter {
  readonly lease: Lease;
  readonly bytes: number;
  readonly admit: () => void;
}

/** What a lease takes its bytes from. */
export interface Pools {
  /** Whether a large body waits. */
  readonly isCrowded: boolean;
  /** Changes what is taken of the small pool. @returns false where it has too little, unless forced */
  takeSmall(bytes: number, isForced: boolean): boolean;
  /** Takes bytes of the large pool, at once or when it is the waiter's turn. @returns false where too many wait */
  takeLarge(waiter: Waiter): boolean;
  /** Gives bytes back to the large pool. */
  giveLarge(bytes: number): void;
  /** The lease no longer waits. */
  leave(lease: Lease): void;
  /** The lease has ended. */
  forget(lease: Lease): void;
}

/** What one request holds of the room, from before its body is read until its answer has left. */
export class Lease {
  readonly #room: Pools;
  #small = 0;
  #large = 0;
  #isReleased = false;
  #failure: Problem | undefined;
  #onFailure: ((problem: Problem) => void) | undefined;

  constructor(room: Pools) {
    this.#room = room;
  }

  /** Whether the body has room among the large. */
  get isLarge(): boolean {
    return this.#large > 0;
  }

  /** Whether others wait for room that this one might hold. */
  get isCrowded(): boolean {
    return this.isLarge && this.#room.isCrowded;
  }

  /** Why the body ends before its end, where it does. */
  get failure(): Problem | undefined {
    return this.#failure;
  }

  /**
   * Counts what has arrived of a small body.
   *
   * @param bytes all of it so far
   * @throws {Problem} overloaded
   */
  hold(bytes: number): void {
    if (this.#setSmall(REQUEST_BYTES + bytes, false)) return;
    throw new Problem("overloaded");
  }

  /**
   * Waits for room in the large pool, in one step. What the small pool held for the body goes back at once: those that wait
   * must not keep small requests out, and hold little.
   *
   * @param bytes all that the body will ever need
   * @throws {Problem} overloaded where there is none within 4 s, or what {@link fail} was called with
   */
  reserve(bytes: number): Promise<void> {
    this.#setSmall(REQUEST_BYTES, true);
    return new Promise((resolve, reject) => {
      const stop = (problem: Problem) => {
        settle();
        this.#room.leave(this);
        reject(problem);
      };
      const timer = setTimeout(() => stop(new Problem("overloaded")), WAIT_MS);
      const settle = () => {
        clearTimeout(timer);
        this.#onFailure = undefined;
      };
      const admit = () => {
        settle();
        this.#large = bytes;
        resolve();
      };
      this.#onFailure = stop;
      if (this.#failure) return stop(this.#failure);
      if (!this.#room.takeLarge({ lease: this, bytes, admit })) stop(new Problem("overloaded"));
    });
  }

  /** Gives back what the body, which is there now, did not need. */
  settle(bytes: number): void {
    if (this.#isReleased) return;
    if (this.#large > 0) this.#setLarge(Math.min(this.#large, bytes));
    else this.#setSmall(REQUEST_BYTES + bytes, true);
  }

  /** Holds the answer in the body's stead, until it has left: also where there is no room, as it is there by now. */
  holdAnswer(bytes: number): void {
    if (this.#isReleased) return;
    this.#setSmall(REQUEST_BYTES + bytes, true);
    this.#setLarge(0);
  }

  /** Ends a body that is still arriving or waiting; one that is there by now is not touched. */
  fail(problem: Problem): void {
    this.#failure ??= problem;
    this.#onFailure?.(problem);
  }

  /** @param onFailure hears that the body must end; undefined once it is there */
  whenFailed(onFailure: ((problem: Problem) => void) | undefined): void {
    this.#onFailure = onFailure;
    if (this.#failure) onFailure?.(this.#failure);
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#room.forget(this);
    this.#room.leave(this);
    this.#setSmall(0, true);
    this.#setLarge(0);
  }

  #setSmall(bytes: number, isForced: boolean): boolean {
    if (!this.#room.takeSmall(bytes - this.#small, isForced)) return false;
    this.#small = bytes;
    return true;
  }

  #setLarge(bytes: number): void {
    const given = this.#large - bytes;
    this.#large = bytes;
    if (given > 0) this.#room.giveLarge(given);
  }
}
