import { randomUUID } from "node:crypto";
import type { Domain } from "../../shared/events/domain.ts";
import { MAX_DELIVERY_ATTEMPTS, TOPIC_RETENTION_DAYS, toPubSubNames } from "../common/pubsub-resources.ts";
import type { Broker } from "../pubsub/broker.ts";
import { connectPubSub, type PubSubAdmin } from "../pubsub/client.ts";
import type { Spare } from "../pubsub/embedded/resources.ts";
import { type ArrivedMessage, openSubscription } from "../pubsub/open-subscription.ts";

type TopicDomain = Pick<Domain, "name" | "topic">;

/**
 * Default subscriptions, and those of dead letters, keep what nobody reads, which on most days is all of it.
 *
 * @param note gets the line that says so once their oldest messages are dropped
 */
export function toSpare(note: (text: string) => void): Spare {
  return {
    isSpare: (subscription) => /\.(default|dead-letter\.kept)$/.test(subscription),
    onDrop: (subscription, most) =>
      note(
        `${subscription}: nobody has opened it yet, and it keeps no more than the latest ${most.toLocaleString("en")} messages ` +
          "and 16 MiB until then; from now on the oldest are dropped.",
      ),
  };
}

/**
 * Creates the topic of each domain with what `provision` makes around it, unless it is there, and reads what arrives by an
 * ordered subscription of its own. On somebody else's server it makes the bare topic: subscriptions keep what nobody reads, and
 * the official emulator gives every new subscription what a topic retains.
 *
 * These have new names and are deleted again: on a Pub/Sub server that outlives the stack, the next one must neither share
 * them nor find old messages.
 *
 * @returns a function that ends it
 */
export async function openTopics(
  { endpoint, kind }: Pick<Broker, "endpoint" | "kind">,
  project: string,
  domains: readonly TopicDomain[],
  onMessage: (domain: TopicDomain, message: ArrivedMessage) => void,
): Promise<() => Promise<void>> {
  const admin = connectPubSub(endpoint, project);
  const opened = await Promise.all(
    domains.map(async (domain) => {
      const subscription = `${domain.topic}.local-${randomUUID()}`;
      if (kind === "external") await admin.createTopic(domain.topic);
      else await createResources(admin, project, domain.topic, kind === "embedded");
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

/** @param withPolicy whether messages become dead letters: the official emulator fails at it where there is order */
async function createResources(admin: PubSubAdmin, project: string, name: string, withPolicy: boolean): Promise<void> {
  const { topic, deadLetter, kept, subscription } = toPubSubNames(name);
  const retention = { messageRetentionDuration: { seconds: TOPIC_RETENTION_DAYS * 86_400 } };
  await Promise.all([admin.createTopic(topic, retention), admin.createTopic(deadLetter, retention)]);
  const deadLetterPolicy = {
    deadLetterTopic: `projects/${project}/topics/${deadLetter}`,
    maxDeliveryAttempts: MAX_DELIVERY_ATTEMPTS,
  };
  await Promise.all([
    admin.createSubscription(kept, deadLetter, { ordered: true }),
    admin.createSubscription(subscription, topic, {
      ordered: true,
      ...(withPolicy && { deadLetterPolicy, ackDeadlineSeconds: 60 }),
    }),
  ]);
}
