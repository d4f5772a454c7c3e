import type { Entry } from "./entry.ts";

/** A request that is under way. It is aborted when its time is over, or when nobody waits for its events any more. */
export class Flight {
  readonly entries: readonly Entry[];
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  #open: number;
  #hasEnded = false;

  constructor(entries: readonly Entry[], timeoutMs: number) {
    this.entries = entries;
    this.#open = entries.length;
    const abort = () => this.#controller.abort(new Error(`nothing came within ${timeoutMs} ms`));
    this.#timer = setTimeout(abort, timeoutMs);
    for (const entry of entries) entry.begin(this);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Notes that one of its events has its outcome. */
  settleOne(): void {
    if (--this.#open === 0 && !this.#hasEnded) this.#controller.abort(new Error("Nobody waits for the answer"));
  }

  /** Notes that the answer is there, or that there is none. */
  end(): void {
    this.#hasEnded = true;
    clearTimeout(this.#timer);
  }
}
