import { TOPIC_RETENTION_DAYS } from "../../common/pubsub-resources.ts";
import { labels, type Target, toLabelFlag } from "../target.ts";
import { findDifferences } from "./difference.ts";
import type { Resource } from "./resource.ts";

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
