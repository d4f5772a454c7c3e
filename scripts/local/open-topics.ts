import { randomUUID } from "node:crypto";
import type { Domain } from "../../shared/events/domain.ts";
import { connectPubSub } from "../pubsub/client.ts";
import type { Spare } from "../pubsub/embedded/unread.ts";
import { type ArrivedMessage, openSubscription } from "../pubsub/open-subscription.ts";

const DEFAULT = ".default";

type TopicDomain = Pick<Domain, "name" | "topic">;

/** The subscription that a consumer can be developed against; deployed projects get one of the same name. */
export function toDefaultSubscription({ topic }: Pick<Domain, "topic">): string {
  return `${topic}${DEFAULT}`;
}

/**
 * Default subscriptions keep what nobody reads, which on most days is all of it.
 *
 * @param note gets the line that says so once their oldest messages are dropped
 */
export function toSpare(note: (text: string) => void): Spare {
  return {
    isSpare: (subscription) => subscription.endsWith(DEFAULT),
    onDrop: (subscription, most) =>
      note(
        `${subscription}: nobody has opened it yet, and it keeps no more than the latest ${most.toLocaleString("en")} messages ` +
          "and 16 MiB until then; from now on the oldest are dropped.",
      ),
  };
}

/**
 * Creates the topic of each domain with its default subscription, unless they are there, and reads what arrives by an
 * ordered subscription of its own.
 *
 * These have new names and are deleted again: on a Pub/Sub server that outlives the stack, the next one must neither share
 * them nor find old messages.
 *
 * @param endpoint `host:port`
 * @param withDefaults whether to create default subscriptions: they keep what nobody reads
 * @returns a function that ends it
 */
export async function openTopics(
  endpoint: string,
  project: string,
  domains: readonly TopicDomain[],
  withDefaults: boolean,
  onMessage: (domain: TopicDomain, message: ArrivedMessage) => void,
): Promise<() => Promise<void>> {
  const admin = connectPubSub(endpoint, project);
  const opened = await Promise.all(
    domains.map(async (domain) => {
      const subscription = `${domain.topic}.local-${randomUUID()}`;
      await admin.createTopic(domain.topic);
      if (withDefaults) await admin.createSubscription(toDefaultSubscription(domain), domain.topic, { ordered: true });
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
