import type { Entry } from "./entry.ts";

/** The events of one user that have no outcome, in the order in which they were given. */
export class Lane {
  readonly user: string | symbol;
  head: Entry | undefined;
  /** Whether a request has some of them. */
  isUnderWay = false;
  /** Whether its last request left events of this user unsent, and took others'. */
  isTroubled = false;
  #last: Entry | undefined;

  constructor(user: string | symbol) {
    this.user = user;
  }

  push(entry: Entry): void {
    entry.previous = this.#last;
    if (this.#last) this.#last.next = entry;
    else this.head = entry;
    this.#last = entry;
  }

  delete(entry: Entry): void {
    const { previous, next } = entry;
    if (previous) previous.next = next;
    else this.head = next;
    if (next) next.previous = previous;
    else this.#last = previous;
    // What is gone must not keep what came later in memory.
    entry.previous = entry.next = undefined;
  }

  /** Lets an event go that is held, and with it those before it: they would hold it up. */
  free(entry: Entry): void {
    for (let held: Entry | undefined = entry; held?.isHeld; held = held.previous) held.isHeld = false;
  }

  *[Symbol.iterator](): Generator<Entry, undefined> {
    for (let entry = this.head; entry; ) {
      const { next }: Entry = entry;
      yield entry;
      entry = next;
    }
  }
}
