import { randomUUID } from "node:crypto";
import type { Domain } from "../../shared/events/domain.ts";
import { connectPubSub } from "../pubsub/client.ts";
import { type ArrivedMessage, openSubscription } from "../pubsub/open-subscription.ts";

/**
 * Creates the topic of each domain, unless it is there, with an ordered subscription, and reads what arrives.
 *
 * The subscriptions have names of their own and are deleted again: on a Pub/Sub server that outlives the stack, the next
 * one must neither share them nor find old messages.
 *
 * @param endpoint `host:port`
 * @returns a function that ends it
 */
export async function openTopics(
  endpoint: string,
  project: string,
  domains: readonly Domain[],
  onMessage: (domain: Domain, message: ArrivedMessage) => void,
): Promise<() => Promise<void>> {
  const admin = connectPubSub(endpoint, project);
  const opened = await Promise.all(
    domains.map(async (domain) => {
      const subscription = `${domain.topic}.local-${randomUUID()}`;
      await admin.createTopic(domain.topic);
      await admin.createSubscription(subscription, domain.topic, { ordered: true });
      const reader = openSubscription(endpoint, project, subscription, (message) => onMessage(domain, message));
      return { subscription, reader };
    }),
  );
  return async () => {
    for (const { reader } of opened) reader.close();
    await Promise.all(opened.map(({ subscription }) => admin.deleteSubscription(subscription).catch(() => {})));
    admin.close();
  };
}
