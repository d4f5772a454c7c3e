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
  /** Of its latest delivery; empty before the first. */
  ackId: string;
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
  /** Ordering key; the message's number where it has no order. */
  readonly #key: string | number;
  readonly #lanes: Map<string | number, Lane>;
  /** Who has the messages that are on their way. Only they may get the next ones: two would race each other. */
  consumer: Consumer | undefined;
  /** Nothing of it is delivered meanwhile. */
  isPaused = false;
  readonly #entries: LaneEntry[] = [];
  #next = 0;

  /** @param lanes where it is, until it is empty */
  constructor(key: string | number, lanes: Map<string | number, Lane>) {
    this.#key = key;
    this.#lanes = lanes;
    lanes.set(key, this);
  }

  add(message: PubSubMessage): void {
    this.#entries.push({ lane: this, message, ackId: "", acknowledged: false, failures: 0 });
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

  /** Notes an acknowledgement and drops the messages that nothing can bring back any more. */
  acknowledge(entry: LaneEntry): void {
    entry.acknowledged = true;
    this.#dropDone();
  }

  /** Takes a message out for good: nothing brings it back. */
  remove(entry: LaneEntry): void {
    const index = this.#entries.indexOf(entry);
    this.#entries.splice(index, 1);
    if (index < this.#next) this.#moveNext(this.#next - 1);
    this.#dropDone();
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

  /** Number of messages in memory. */
  get held(): number {
    return this.#entries.length;
  }

  /** The messages that still wait for their acknowledgement. */
  get unacknowledged(): PubSubMessage[] {
    return this.#entries.filter(({ acknowledged }) => !acknowledged).map(({ message }) => message);
  }

  #dropDone(): void {
    let done = 0;
    while (done < this.#next && this.#entries[done]?.acknowledged) done += 1;
    this.#entries.splice(0, done);
    if (this.#entries.length === 0) this.#lanes.delete(this.#key);
    this.#moveNext(this.#next - done);
  }

  #moveNext(next: number): void {
    this.#next = next;
    if (next === 0) this.consumer = undefined;
  }
}
