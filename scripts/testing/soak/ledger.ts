import type { SoakEvent } from "./soak-event.ts";

/** What became of one event; attempts are numbered per user, in the order in which they were sent. */
interface Entry {
  readonly firstAttempt: number;
  acceptedAttempt: number | undefined;
  hasArrived: boolean;
}

interface UserPage {
  attempts: number;
  /** By sequence. */
  readonly entries: Entry[];
  /** The latest first attempt among the events that have arrived. */
  latestArrived: number;
}

/** What a soak comes down to; everything but `accepted` and `duplicates` must be 0. */
export interface Balance {
  readonly events: number;
  readonly accepted: number;
  /** Accepted events that are on the topic. */
  readonly arrived: number;
  readonly lost: number;
  /** Events whose first delivery came after that of an event that was sent only after this one had been accepted. */
  readonly outOfOrder: number;
  /** Deliveries of what had been delivered before: what a caller's or the function's retry may cause. */
  readonly duplicates: number;
}

/** Keeps account of each event, from its first attempt to its first delivery. */
export class Ledger {
  readonly #users = new Map<number, UserPage>();
  readonly #arrivals: SoakEvent[] = [];
  #duplicates = 0;

  /** Notes that an event is sent, for the first time or again. @returns the number of the attempt */
  send({ user, sequence }: SoakEvent): number {
    const page = this.#users.get(user) ?? { attempts: 0, entries: [], latestArrived: 0 };
    this.#users.set(user, page);
    page.attempts++;
    page.entries[sequence] ??= { firstAttempt: page.attempts, acceptedAttempt: undefined, hasArrived: false };
    return page.attempts;
  }

  /** Notes that this attempt was answered with 202. */
  accept(event: SoakEvent, attempt: number): void {
    this.#find(event).acceptedAttempt = attempt;
  }

  /** Notes a delivery. */
  arrive(event: SoakEvent): void {
    const entry = this.#find(event);
    if (entry.hasArrived) {
      this.#duplicates++;
      return;
    }
    entry.hasArrived = true;
    this.#arrivals.push(event);
  }

  /** Casts up the account. A message may come before the answer to its caller, so order is judged only now. */
  balance(): Balance {
    const entries = [...this.#users.values()].flatMap((page) => page.entries);
    const accepted = entries.filter(({ acceptedAttempt }) => acceptedAttempt !== undefined);
    const arrived = accepted.filter(({ hasArrived }) => hasArrived).length;
    return {
      events: entries.length,
      accepted: accepted.length,
      arrived,
      lost: accepted.length - arrived,
      outOfOrder: this.#countOutOfOrder(),
      duplicates: this.#duplicates,
    };
  }

  #countOutOfOrder(): number {
    for (const page of this.#users.values()) page.latestArrived = 0;
    return this.#arrivals.filter((event) => {
      const page = this.#users.get(event.user) as UserPage;
      const { firstAttempt, acceptedAttempt } = this.#find(event);
      const isLate = acceptedAttempt !== undefined && acceptedAttempt < page.latestArrived;
      page.latestArrived = Math.max(page.latestArrived, firstAttempt);
      return isLate;
    }).length;
  }

  #find({ user, sequence }: SoakEvent): Entry {
    const entry = this.#users.get(user)?.entries[sequence];
    if (entry === undefined) throw new Error(`Event ${sequence} of user ${user} was never sent.`);
    return entry;
  }
}
