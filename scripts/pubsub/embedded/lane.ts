import type { PubSubMessage } from "../protocol.ts";
import type { Consumer } from "./consumer.ts";

/** One message of one subscription, until it is dropped. */
export interface LaneEntry {
  readonly lane: Lane;
  readonly message: PubSubMessage;
  acknowledged: boolean;
  /** How often it was handed out. */
  attempts: number;
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
    this.#entries.push({ lane: this, message, acknowledged: false, attempts: 0 });
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
    const entry = this.peek();
    if (entry) entry.attempts += 1;
    this.#next += 1;
  }

  /**
   * Notes an acknowledgement and drops the messages that nothing can bring back any more.
   *
   * @returns how many were dropped
   */
  acknowledge(entry: LaneEntry): number {
    entry.acknowledged = true;
    let done = 0;
    while (done < this.#next && this.#entries[done]?.acknowledged) done += 1;
    this.#entries.splice(0, done);
    this.#moveNext(this.#next - done);
    return done;
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

  #moveNext(next: number): void {
    this.#next = next;
    if (next === 0) this.consumer = undefined;
  }
}
