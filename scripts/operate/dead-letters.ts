import { setTimeout as sleep } from "node:timers/promises";
import type { PubSub } from "../deploy/gcloud/cloud-pubsub.ts";
import type { Received } from "../pubsub/client.ts";
import type { ArrivedMessage } from "../pubsub/open-subscription.ts";

const PAUSE_MS = 100;
/** Of messages that are in hand at once. */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * Takes dead letters in hand. Should this process be killed, they come back when the lease ends.
 *
 * @param leaseSeconds how long this process has what it took for itself, unless it says so again
 */
export function holdDeadLetters(pubsub: PubSub, subscription: string, leaseSeconds: number) {
  const held = new Map<string, Received>();
  const dropped = new Set<string>();
  const extend = async (seconds: number) => {
    const ackIds = [...held.values()].map(({ ackId }) => ackId);
    // What could not be extended comes again, or to another process: nothing is lost.
    if (ackIds.length > 0) await pubsub.modifyDeadline(subscription, ackIds, seconds).catch(() => {});
  };
  const renewal = setInterval(() => extend(leaseSeconds), leaseSeconds * 250).unref();

  /** Acknowledges a message. */
  async function drop({ messageId }: ArrivedMessage): Promise<void> {
    await pubsub.acknowledge(subscription, [held.get(messageId)?.ackId ?? ""]);
    held.delete(messageId);
    dropped.add(messageId);
  }

  return {
    /**
     * Takes all that can be had now. Of one key's messages Pub/Sub gives no more before those that it gave are acknowledged.
     *
     * @param quietMs when nothing has come for so long, there is no more
     * @returns all that are in hand, in order of arrival
     */
    async take(quietMs: number): Promise<ArrivedMessage[]> {
      let bytes = 0;
      for (let latest = Date.now(); Date.now() < latest + quietMs && bytes < MOST_BYTES; ) {
        const received = await pubsub.pull(subscription);
        if (received.length > 0) latest = Date.now();
        else await sleep(PAUSE_MS);
        for (const each of received) {
          held.set(each.message.messageId, each);
          bytes += each.message.data.length;
          // An acknowledgement was lost: this process has done what it has to do.
          if (dropped.has(each.message.messageId)) await drop(each.message);
        }
        if (received.length > 0) await extend(leaseSeconds);
      }
      return [...held.values()].map(({ message }) => message);
    },
    drop,
    /** Gives back what is still in hand. */
    async close(): Promise<void> {
      clearInterval(renewal);
      await extend(0);
    },
  };
}
