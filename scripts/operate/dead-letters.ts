import { setTimeout as sleep } from "node:timers/promises";
import type { ArrivedMessage } from "../pubsub/open-subscription.ts";
import type { PubSub } from "./pubsub.ts";

const PAUSE_MS = 100;
/** Of messages that are in hand at once. */
const MOST_BYTES = 256 * 1024 * 1024;

/** The dead letters that this process has in hand. Should it be killed, they come back when the lease ends. */
export class DeadLetters {
  readonly #pubsub: PubSub;
  readonly #subscription: string;
  readonly #leaseSeconds: number;
  readonly #held = new Map<string, string>();
  readonly #dropped = new Set<string>();
  readonly #renewal: NodeJS.Timeout;

  /** @param leaseSeconds how long this process has what it took for itself, unless it says so again */
  constructor(pubsub: PubSub, subscription: string, leaseSeconds: number) {
    this.#pubsub = pubsub;
    this.#subscription = subscription;
    this.#leaseSeconds = leaseSeconds;
    this.#renewal = setInterval(() => this.#extend(leaseSeconds), leaseSeconds * 250).unref();
  }

  /**
   * Takes all that can be had now. Of one key's messages Pub/Sub gives no more before those that it gave are acknowledged.
   *
   * @param quietMs when nothing has come for so long, there is no more
   * @returns those that were not there before, in order of arrival
   */
  async take(quietMs: number): Promise<ArrivedMessage[]> {
    const taken: ArrivedMessage[] = [];
    let bytes = 0;
    for (let latest = Date.now(); Date.now() < latest + quietMs && bytes < MOST_BYTES; ) {
      const received = await this.#pubsub.pull(this.#subscription);
      if (received.length === 0) {
        await sleep(PAUSE_MS);
        continue;
      }
      latest = Date.now();
      for (const { ackId, message } of received) {
        const isNew = !this.#held.has(message.messageId) && !this.#dropped.has(message.messageId);
        this.#held.set(message.messageId, ackId);
        bytes += message.data.length;
        if (isNew) taken.push(message);
        // An acknowledgement was lost: this process has done what it has to do.
        else if (this.#dropped.has(message.messageId)) await this.drop(message.messageId);
      }
      await this.#extend(this.#leaseSeconds);
    }
    return taken;
  }

  /** Whether this process has not acknowledged it yet. */
  holds(messageId: string): boolean {
    return this.#held.has(messageId);
  }

  /** Acknowledges a message. */
  async drop(messageId: string): Promise<void> {
    const ackId = this.#held.get(messageId);
    if (ackId === undefined) return;
    await this.#pubsub.acknowledge(this.#subscription, [ackId]);
    this.#held.delete(messageId);
    this.#dropped.add(messageId);
  }

  /** Gives back what is still in hand. */
  async close(): Promise<void> {
    clearInterval(this.#renewal);
    await this.#extend(0);
  }

  async #extend(seconds: number): Promise<void> {
    // What could not be extended comes again, or to another process: nothing is lost.
    await this.#pubsub.modifyDeadline(this.#subscription, [...this.#held.values()], seconds).catch(() => {});
  }
}
