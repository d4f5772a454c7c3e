import { MAX_DELIVERY_ATTEMPTS as maxDeliveryAttempts, TOPIC_RETENTION_DAYS } from "../../common/pubsub-resources.ts";
import { labels, type Target, toLabelFlag } from "../target.ts";
import { findDifferences, type Resource } from "./resource.ts";

/**
 * A topic that keeps every message for 7 days, so that a new or broken consumer can be wound back to any moment of the
 * last week, and stores it in the functions' region: order among instances holds only where one region takes them all.
 *
 * @param id the topic's id, without the project
 */
export function toTopicResource(id: string, { project, region }: Target): Resource {
  const topic = ["pubsub", "topics"];
  const flags = [
    `--message-retention-duration=${TOPIC_RETENTION_DAYS}d`,
    `--message-storage-policy-allowed-regions=${region}`,
    `--project=${project}`,
    "--quiet",
  ];
  return {
    name: `topic ${id}`,
    read: [...topic, "describe", id, `--project=${project}`, "--quiet", "--format=json"],
    create: [...topic, "create", id, `--labels=${toLabelFlag(labels)}`, ...flags],
    update: [...topic, "update", id, `--update-labels=${toLabelFlag(labels)}`, ...flags],
    differences: (found) =>
      findDifferences(found, {
        labels,
        messageRetentionDuration: `${TOPIC_RETENTION_DAYS * 86_400}s`,
        messageStoragePolicy: { allowedPersistenceRegions: [region] },
      }),
  };
}

interface SubscriptionSettings {
  /** How long a message waits for its acknowledgement. */
  readonly retentionDays: number;
  /** Where a message goes that was delivered in vain too often; without one it is delivered until it is too old. */
  readonly deadLetterTopic?: string;
}

const ackDeadlineSeconds = 60;
// A consumer that is down for a minute must not use up a message's deliveries.
const minimumBackoff = "10s";
const maximumBackoff = "600s";

// What checks a deployment sends events of its own, which are nobody's business. A filter is fixed when a subscription is made.
const filter = "NOT attributes:verification";

/**
 * A pull subscription that delivers each user's events in order and never expires.
 *
 * @param id the subscription's id, without the project
 * @param topic the id of the topic it listens to, in the same project
 */
export function toSubscriptionResource(
  id: string,
  topic: string,
  { retentionDays, deadLetterTopic }: SubscriptionSettings,
  { project }: Target,
): Resource {
  const subscription = ["pubsub", "subscriptions"];
  const place = [`--project=${project}`, "--quiet"];
  const deadLetterFlags =
    deadLetterTopic === undefined
      ? []
      : [`--dead-letter-topic=${deadLetterTopic}`, `--max-delivery-attempts=${maxDeliveryAttempts}`];
  const flags = [
    `--ack-deadline=${ackDeadlineSeconds}`,
    "--expiration-period=never",
    `--message-retention-duration=${retentionDays}d`,
    `--min-retry-delay=${minimumBackoff}`,
    `--max-retry-delay=${maximumBackoff}`,
    ...deadLetterFlags,
    ...place,
  ];
  const deadLetterPolicy = { deadLetterTopic: `projects/${project}/topics/${deadLetterTopic}`, maxDeliveryAttempts };
  return {
    name: `subscription ${id}`,
    read: [...subscription, "describe", id, ...place, "--format=json"],
    create: [
      ...[...subscription, "create", id, `--topic=${topic}`, "--enable-message-ordering", `--message-filter=${filter}`],
      ...[`--labels=${toLabelFlag(labels)}`, ...flags],
    ],
    update: [...subscription, "update", id, `--update-labels=${toLabelFlag(labels)}`, ...flags],
    differences: (found) =>
      findDifferences(found, {
        labels,
        ackDeadlineSeconds,
        expirationPolicy: { ttl: undefined },
        messageRetentionDuration: `${retentionDays * 86_400}s`,
        retryPolicy: { minimumBackoff, maximumBackoff },
        ...(deadLetterTopic !== undefined && { deadLetterPolicy }),
      }),
    obstacle: (found) => {
      const wrong = findDifferences(found, {
        topic: `projects/${project}/topics/${topic}`,
        enableMessageOrdering: true,
        // Dead letters are worth more than a filter that the subscription they come from has already.
        ...(deadLetterTopic !== undefined && { filter }),
      });
      if (wrong.length === 0) return undefined;
      const remedy = `gcloud pubsub subscriptions delete ${id} --project=${project}`;
      return `Pub/Sub cannot change ${wrong.join(" and ")} of the existing subscription; delete it (with what waits in it) and run this again: ${remedy}`;
    },
  };
}
