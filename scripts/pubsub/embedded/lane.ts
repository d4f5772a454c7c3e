import type { PubSubMessage, ReceivedMessage } from "../protocol.ts";

/** One who takes messages from a subscription: an open stream or a waiting pull. */
export interface Consumer {
  readonly ackDeadlineSeconds: number;
  /** Whether it takes this message now; asked before each. */
  hasRoom(message: PubSubMessage): boolean;
  /** Hands over one message. `send` follows once everything that is ready has been handed over. */
  add(received: ReceivedMessage): void;
  send(): void;
  /** A message that it had is acknowledged, given back or out of time. */
  release(message: PubSubMessage): void;
  /** The subscription has been deleted. */
  end(): void;
}

/** One message of one subscription, until it is dropped. */
export interface LaneEntry {
  readonly lane: Lane;
  readonly message: PubSubMessage;
  acknowledged: boolean;
  /** How often it was given back or ran out of time. */
  failures: number;
}

/**
 * The messages of one subscription that must be delivered in order: those of one ordering key. A message without order
 * has a lane of its own.
 *
 * Several messages of a lane may be on their way at once. When one of them comes back, delivery starts again from it,
 * including later ones that were already acknowledged, as the real service does
 * (https://cloud.google.com/pubsub/docs/ordering).
 */
export class Lane {
  /** Ordering key; empty for a message without order. */
  readonly key: string;
  /** Who has the messages that are on their way. Only they may get the next ones: two would race each other. */
  consumer: Consumer | undefined;
  readonly #entries: LaneEntry[] = [];
  #next = 0;

  constructor(key: string) {
    this.key = key;
  }

  add(message: PubSubMessage): void {
    this.#entries.push({ lane: this, message, acknowledged: false, failures: 0 });
  }

  /** Forgets the oldest message, of a lane of which nothing was ever delivered. */
  dropFirst(): void {
    this.#entries.shift();
  }

  /** The next message to deliver, without taking it. */
  peek(): LaneEntry | undefined {
    return this.#entries[this.#next];
  }

  /** Puts the peeked message on its way to this consumer. */
  deliverTo(consumer: Consumer): void {
    this.consumer = consumer;
    this.#next += 1;
  }

  /**
   * Notes an acknowledgement and drops the messages that nothing can bring back any more.
   *
   * @returns how many were dropped
   */
  acknowledge(entry: LaneEntry): number {
    entry.acknowledged = true;
    return this.#dropDone();
  }

  /** Takes a message out for good: nothing brings it back. @returns how many were dropped with it, itself included */
  remove(entry: LaneEntry): number {
    const index = this.#entries.indexOf(entry);
    this.#entries.splice(index, 1);
    if (index < this.#next) this.#moveNext(this.#next - 1);
    return 1 + this.#dropDone();
  }

  /**
   * Takes delivery back to this entry, unless it has been taken back further already.
   *
   * @returns the entries that will be delivered again, this one first
   */
  rewind(entry: LaneEntry): LaneEntry[] {
    const from = this.#entries.indexOf(entry);
    if (from >= this.#next) return [];
    const again = this.#entries.slice(from, this.#next);
    for (const each of again) each.acknowledged = false;
    this.#moveNext(from);
    return again;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** The messages that still wait for their acknowledgement. */
  get unacknowledged(): PubSubMessage[] {
    return this.#entries.filter(({ acknowledged }) => !acknowledged).map(({ message }) => message);
  }

  #dropDone(): number {
    let done = 0;
    while (done < this.#next && this.#entries[done]?.acknowledged) done += 1;
    this.#entries.splice(0, done);
    this.#moveNext(this.#next - done);
    return done;
  }

  #moveNext(next: number): void {
    this.#next = next;
    if (next === 0) this.consumer = undefined;
  }
}
