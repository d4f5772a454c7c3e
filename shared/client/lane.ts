import type { Entry } from "./entry.ts";
import type { Hold } from "./hold.ts";

/** Below this the events that have their outcome are not cleared away: it costs more than it frees. */
const SMALL = 64;

/** The events of one user, in the order in which they were given. */
export class Lane {
  readonly user: unknown;
  /** The request that has some of them. */
  request: Hold | undefined;
  /** The event that stands in its function's queue for this user. */
  queued: Entry | undefined;
  /** Whether its last request left events of this user unsent, and took others'. */
  isTroubled = false;
  #entries: Entry[] = [];
  /** Before it all have their outcome. */
  #first = 0;
  #clearAt = SMALL;
  #lastPosition = 0;
  /** What comes later waits until its sender lets it go. */
  #freeUpTo = 0;

  constructor(user: unknown) {
    this.user = user;
  }

  push(entry: Entry): void {
    if (this.#entries.length >= this.#clearAt) this.#keep(this.#entries.filter(({ isSettled }) => !isSettled));
    entry.position = ++this.#lastPosition;
    this.#entries.push(entry);
  }

  /** Lets an event go, and with it those before it: they would hold it up. */
  free({ position }: Entry): void {
    this.#freeUpTo = Math.max(this.#freeUpTo, position);
  }

  isFree({ position }: Entry): boolean {
    return position <= this.#freeUpTo;
  }

  /** The first event without an outcome. */
  get head(): Entry | undefined {
    while (this.#entries[this.#first]?.isSettled) this.#first++;
    if (this.#first > SMALL && this.#first * 2 > this.#entries.length) this.#keep(this.#entries.slice(this.#first));
    return this.#entries[this.#first];
  }

  #keep(entries: Entry[]): void {
    this.#entries = entries;
    this.#first = 0;
    this.#clearAt = 2 * entries.length + SMALL;
  }

  /** Those without an outcome. */
  *[Symbol.iterator](): Generator<Entry, undefined> {
    const entries = this.#entries;
    for (let i = this.#first; i < entries.length; i++) {
      const entry = entries[i] as Entry;
      if (!entry.isSettled) yield entry;
    }
  }
}
