import type { Entry } from "./entry.ts";

/** Which events of a sender may be under way, and when callers that wait may give another. */
export class Room {
  readonly #most: { readonly events: number; readonly bytes: number };
  readonly #admit: (entry: Entry) => void;
  /** All without an outcome, in the order of their coming; those that are not in line are under way. */
  readonly open = new Set<Entry>();
  readonly #line = new Set<Entry>();
  readonly #callers = new Set<() => void>();
  #admittedBytes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  isClosed = false;

  /** @param admit called for each event that may be under way now */
  constructor(most: { readonly events: number; readonly bytes: number }, admit: (entry: Entry) => void) {
    this.#most = most;
    this.#admit = admit;
  }

  /** Takes an event in, for as long as it has no outcome. */
  take(entry: Entry): void {
    this.open.add(entry);
    this.#line.add(entry);
    void entry.outcome.then(() => {
      this.open.delete(entry);
      if (!this.#line.delete(entry)) this.#admittedBytes -= entry.bytes;
      this.#admitNext();
      // Whoever waits for this outcome hears of it first.
      this.#timer ??= setTimeout(() => this.#wake(), 0);
    });
    this.#admitNext();
    this.#wake();
  }

  #admitNext(): void {
    for (const entry of this.#line) {
      const events = this.open.size - this.#line.size;
      const bytes = this.#admittedBytes + entry.bytes;
      // One that is larger than all room goes alone rather than not at all.
      if (events >= this.#most.events || (events > 0 && bytes > this.#most.bytes)) break;
      this.#line.delete(entry);
      this.#admittedBytes = bytes;
      this.#admit(entry);
    }
  }

  /** Waits until there is room for one more event. */
  async ready(): Promise<void> {
    if (this.isClosed) return;
    await new Promise<void>((resolve) => {
      this.#callers.add(resolve);
      if (this.#timer === undefined) this.#wake();
    });
  }

  /** Lets one caller go on. The next one does when that one has given its event, or has let its turn pass. */
  #wake(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const [resolve] = this.#callers;
    const isFull = this.open.size >= this.#most.events || this.#admittedBytes >= this.#most.bytes;
    if (!resolve || isFull || this.#line.size > 0) return;
    this.#callers.delete(resolve);
    this.#timer = setTimeout(() => this.#wake(), 0);
    resolve();
  }

  /** Lets all callers go on that wait, now and from now on. */
  close(): void {
    this.isClosed = true;
    for (const resolve of this.#callers) resolve();
  }
}
