import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ArrivedMessage } from "../pubsub/open-subscription.ts";
import type { PubSub } from "./pubsub.ts";

/** How long is waited for messages; all in milliseconds. */
export interface Patience {
  /** After the last one that came. */
  readonly quiet: number;
  /** For one that must be there. */
  readonly most: number;
}

const PAUSE_MS = 100;
/** One that is left behind goes by itself. */
const expirationPolicy = { ttl: { seconds: 86_400 } };

/** Reads what a topic keeps, acknowledged or not, by subscriptions of its own: no other subscription notices. */
export class StoredMessages {
  readonly #pubsub: PubSub;
  readonly #patience: Patience;
  readonly #temporary = new Set<string>();

  constructor(pubsub: PubSub, patience: Patience) {
    this.#pubsub = pubsub;
    this.#patience = patience;
  }

  /**
   * Finds the messages of an event.
   *
   * @param since what was published before is not looked at
   * @param expected ids of messages that must be there
   * @returns the oldest first
   */
  async find(topic: string, eventId: string, since: Date, expected: readonly string[] = []): Promise<ArrivedMessage[]> {
    const subscription = `pulsecart-where-${randomUUID()}`;
    this.#temporary.add(subscription);
    try {
      const filter = `attributes.event_id = "${eventId}"`;
      await this.#pubsub.createSubscription(subscription, topic, { filter, expirationPolicy });
      await this.#pubsub.seek(subscription, since);
      return await this.#read(subscription, eventId, expected);
    } finally {
      await this.#delete(subscription);
    }
  }

  /** Leaves no subscription behind, whatever is under way. */
  async end(): Promise<void> {
    await Promise.all([...this.#temporary].map((subscription) => this.#delete(subscription)));
  }

  async #read(subscription: string, eventId: string, expected: readonly string[]): Promise<ArrivedMessage[]> {
    const found = new Map<string, ArrivedMessage>();
    const start = Date.now();
    let latest = start;
    const isMissing = () => expected.some((id) => !found.has(id));
    while (Date.now() < (isMissing() ? start + this.#patience.most : latest + this.#patience.quiet)) {
      const received = await this.#pubsub.pull(subscription);
      for (const { message } of received) {
        // The official emulator brings back what no filter would let pass.
        if (message.attributes.event_id !== eventId) continue;
        found.set(message.messageId, message);
        latest = Date.now();
      }
      const ackIds = received.map(({ ackId }) => ackId);
      await this.#pubsub.acknowledge(subscription, ackIds);
      if (ackIds.length === 0) await sleep(PAUSE_MS);
    }
    return [...found.values()].sort((a, b) => a.publishTime - b.publishTime);
  }

  async #delete(subscription: string): Promise<void> {
    await this.#pubsub.deleteSubscription(subscription).catch(() => {});
    this.#temporary.delete(subscription);
  }
}
