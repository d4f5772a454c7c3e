import { randomUUID } from "node:crypto";
import { connectPubSub } from "./client.ts";
import { type ArrivedMessage, openSubscription } from "./open-subscription.ts";

/** What has arrived on a topic since the collector was opened. */
export interface TopicCollector {
  /** In order of arrival; messages of one ordering key in the order in which they were published. */
  readonly messages: readonly ArrivedMessage[];
  /**
   * Waits for this many messages, or until the predicate holds.
   *
   * @returns the messages so far
   * @throws Error after `timeoutMs` (10 s unless given), saying how many had arrived
   */
  waitFor(
    wanted: number | ((messages: readonly ArrivedMessage[]) => boolean),
    timeoutMs?: number,
  ): Promise<readonly ArrivedMessage[]>;
  /** Stops collecting and deletes the subscription. */
  close(): Promise<void>;
}

/**
 * Creates the topic, unless it is there, with an ordered subscription of its own, and collects what arrives.
 *
 * @param endpoint `host:port`
 */
export async function collectTopic(endpoint: string, project: string, topic: string): Promise<TopicCollector> {
  const admin = connectPubSub(endpoint, project);
  const subscription = `collect-${randomUUID()}`;
  await admin.createTopic(topic);
  await admin.createSubscription(subscription, topic, { ordered: true });

  const messages: ArrivedMessage[] = [];
  const waiting = new Set<() => void>();
  const reader = openSubscription(endpoint, project, subscription, (message) => {
    messages.push(message);
    for (const check of waiting) check();
  });

  return {
    messages,
    waitFor(wanted, timeoutMs = 10_000) {
      const isEnough = typeof wanted === "number" ? () => messages.length >= wanted : () => wanted(messages);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(check);
          reject(new Error(`${messages.length} messages had arrived on ${topic} after ${timeoutMs} ms: not enough`));
        }, timeoutMs);
        function check(): void {
          if (!isEnough()) return;
          clearTimeout(timer);
          waiting.delete(check);
          resolve(messages);
        }
        waiting.add(check);
        check();
      });
    },
    async close() {
      reader.close();
      await admin.deleteSubscription(subscription);
      admin.close();
    },
  };
}
