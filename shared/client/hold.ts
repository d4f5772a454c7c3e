import type { Entry } from "./entry.ts";

/** What a timer can wait for; it fires at once when told to wait longer. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Keeps events for a time: in a request, or until they are sent again. */
export class Hold {
  readonly #entries: readonly Entry[];
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #onEmpty: () => void;
  #open: number;

  /**
   * @param onTimeout called when the time is over
   * @param onEmpty called before that, when none of the events waits any more: all have their outcome
   */
  constructor(entries: readonly Entry[], milliseconds: number, onTimeout: () => void, onEmpty = () => {}) {
    this.#entries = entries;
    const finish = () => {
      this.end();
      onTimeout();
    };
    this.#timer = setTimeout(finish, Math.min(milliseconds, MAX_TIMER_MS));
    this.#onEmpty = onEmpty;
    this.#open = entries.length;
    for (const entry of entries) entry.hold = this;
  }

  /** Notes that one of the events has its outcome. */
  settleOne(): void {
    if (--this.#open > 0) return;
    this.end();
    this.#onEmpty();
  }

  /** Lets the events go. */
  end(): void {
    clearTimeout(this.#timer);
    for (const entry of this.#entries) entry.hold = undefined;
  }
}
