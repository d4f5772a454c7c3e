import type { Entry } from "./entry.ts";

/** Which events of a sender may be under way, and when callers that wait may give another. */
export class Room {
  readonly #most: { readonly events: number; readonly bytes: number };
  readonly #onAdmitted: (entry: Entry) => void;
  /** All without an outcome, with their sizes, in the order of their coming; those that are not in line are under way. */
  readonly #open = new Map<Entry, number>();
  readonly #line = new Set<Entry>();
  readonly #callers = new Set<() => void>();
  #bytes = 0;
  #admittedBytes = 0;
  /** Set while a caller that was told to go on has not given its event: the next one waits, so that they do not all go on at once. */
  #promise: ReturnType<typeof setTimeout> | undefined;
  #soon: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  /** @param onAdmitted called for each event that may be under way now */
  constructor(most: { readonly events: number; readonly bytes: number }, onAdmitted: (entry: Entry) => void) {
    this.#most = most;
    this.#onAdmitted = onAdmitted;
  }

  /** The events without an outcome. */
  get open(): Iterable<Entry> {
    return [...this.#open.keys()];
  }

  /** Takes an event in, for as long as it has no outcome. */
  take(entry: Entry): void {
    const bytes = entry.body.length;
    this.#open.set(entry, bytes);
    this.#line.add(entry);
    this.#bytes += bytes;
    void entry.outcome.then(() => {
      this.#open.delete(entry);
      this.#bytes -= bytes;
      if (!this.#line.delete(entry)) this.#admittedBytes -= bytes;
      this.#admit();
      // Whoever waits for this outcome hears of it first.
      this.#soon ??= setTimeout(() => {
        this.#soon = undefined;
        this.#wake();
      }, 0);
    });
    this.#admit();
    this.#keepPromise();
  }

  #admit(): void {
    for (const entry of this.#line) {
      const events = this.#open.size - this.#line.size;
      const bytes = this.#open.get(entry) ?? 0;
      if (events >= this.#most.events) break;
      // One that is larger than all room goes alone rather than not at all.
      if (events > 0 && this.#admittedBytes + bytes > this.#most.bytes) break;
      this.#line.delete(entry);
      this.#admittedBytes += bytes;
      this.#onAdmitted(entry);
    }
  }

  /** Waits until there is room for one more event. */
  async ready(): Promise<void> {
    if (this.#isClosed) return;
    await new Promise<void>((resolve) => {
      this.#callers.add(resolve);
      this.#wake();
    });
  }

  /** Lets all callers go on that wait, now and from now on. */
  close(): void {
    this.#isClosed = true;
    for (const resolve of this.#callers) resolve();
  }

  /** Lets the next caller go on. Who goes on but gives no event has had its turn. */
  #wake(): void {
    if (this.#promise !== undefined || this.#open.size >= this.#most.events || this.#bytes >= this.#most.bytes) return;
    const [resolve] = this.#callers;
    if (!resolve) return;
    this.#callers.delete(resolve);
    this.#promise = setTimeout(() => this.#keepPromise(), 0);
    resolve();
  }

  #keepPromise(): void {
    clearTimeout(this.#promise);
    this.#promise = undefined;
    this.#wake();
  }
}
