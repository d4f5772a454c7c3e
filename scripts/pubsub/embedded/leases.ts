import type { Consumer, LaneEntry } from "./lane.ts";

interface Lease {
  readonly entry: LaneEntry;
  readonly consumer: Consumer;
  /** Milliseconds since the epoch. */
  deadline: number;
}

/** The messages of one subscription that are on their way: with whom, under which ack id and until when. */
export class Leases {
  readonly #byAckId = new Map<string, Lease>();
  readonly #prefix: string;
  #granted = 0;

  /** @param subscription full name; ack ids begin with it, so that one of another subscription is known as such */
  constructor(subscription: string) {
    this.#prefix = `${subscription}:`;
  }

  /** @returns the ack id of this delivery */
  grant(entry: LaneEntry, consumer: Consumer): string {
    this.#granted += 1;
    const ackId = this.#prefix + this.#granted;
    entry.ackId = ackId;
    this.#byAckId.set(ackId, { entry, consumer, deadline: Date.now() + consumer.ackDeadlineSeconds * 1000 });
    return ackId;
  }

  /** Whether an ack id can ever have been one of this subscription's. */
  isOwn(ackId: string): boolean {
    return ackId.startsWith(this.#prefix);
  }

  /** The message under this ack id, unless the lease has ended. */
  find(ackId: string): LaneEntry | undefined {
    return this.#byAckId.get(ackId)?.entry;
  }

  extend(ackId: string, seconds: number): void {
    const lease = this.#byAckId.get(ackId);
    if (lease !== undefined) lease.deadline = Date.now() + seconds * 1000;
  }

  /** Ends this message's lease, if it has one. */
  end(entry: LaneEntry): void {
    this.#byAckId.get(entry.ackId)?.consumer.release(entry.message);
    this.#byAckId.delete(entry.ackId);
  }

  endAll(): void {
    for (const { entry } of this.#byAckId.values()) this.end(entry);
  }

  /** The messages whose time is up, oldest delivery first. */
  listExpired(): LaneEntry[] {
    const now = Date.now();
    return [...this.#byAckId.values()].filter((lease) => lease.deadline <= now).map((lease) => lease.entry);
  }

  get size(): number {
    return this.#byAckId.size;
  }
}
