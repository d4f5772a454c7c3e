import { askLocalStack } from "../common/local-url.ts";
import { connectPubSub, type PubSubAdmin } from "../pubsub/client.ts";
import { connectCloudPubSub } from "./cloud-pubsub.ts";
import type { LogSource } from "./log-entries.ts";

/** Pub/Sub of a project or of the local stack; topics and subscriptions by their ids. */
export type PubSub = Omit<PubSubAdmin, "createTopic" | "deleteTopic">;

/** @throws GcloudError where gcloud gives no access, UsageError where no local stack answers */
export async function connect(source: LogSource): Promise<PubSub> {
  if (source.kind === "cloud") return connectCloudPubSub(source.project);
  const { pubsub = "", project = "" } = (await askLocalStack(source.url, "/console/info")) as Record<string, string>;
  return connectPubSub(pubsub, project);
}
