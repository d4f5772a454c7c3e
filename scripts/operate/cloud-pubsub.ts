import { GcloudError } from "../deploy/gcloud/gcloud.ts";
import { connectRest, type SentMessage, toArrived } from "../deploy/gcloud/pubsub-rest.ts";
import { labels } from "../deploy/target.ts";
import type { PubSubAdmin } from "../pubsub/client.ts";

/** Pub/Sub of a project or of the local stack; topics and subscriptions by their ids. */
export type PubSub = Omit<PubSubAdmin, "createTopic" | "deleteTopic" | "close">;

/** Pub/Sub's REST API takes no request above 512 KiB here, and an ack id has some 200 bytes. */
const MOST_ACK_IDS = 1000;

/** Pub/Sub of a Google Cloud project. @throws GcloudError where gcloud gives no access token */
export async function connectCloudPubSub(project: string): Promise<PubSub> {
  const call = await connectRest(project);
  const post = (id: string, method: string, body: object) => call("POST", `subscriptions/${id}:${method}`, body);
  return {
    async listSubscriptions(topic) {
      try {
        const { subscriptions = [] } = await call("GET", `topics/${topic}/subscriptions?pageSize=1000`);
        return (subscriptions as string[]).map((name) => name.replace(/^.*\//, ""));
      } catch (error) {
        if (error instanceof GcloudError && error.stderr.includes("NOT_FOUND")) return undefined;
        throw error;
      }
    },
    createSubscription(id, topic, { filter, expirationPolicy } = {}) {
      const settings = { filter, labels, ackDeadlineSeconds: 60, messageRetentionDuration: "600s" };
      const ttl = `${expirationPolicy?.ttl?.seconds}s`;
      const name = `projects/${project}/topics/${topic}`;
      return call("PUT", `subscriptions/${id}`, { topic: name, ...settings, expirationPolicy: { ttl } });
    },
    deleteSubscription: (id) => call("DELETE", `subscriptions/${id}`),
    seek: (id, time) => post(id, "seek", { time: time.toISOString() }),
    async pull(id) {
      // Otherwise a pull that finds nothing waits for more than a minute.
      const answer = await post(id, "pull", { maxMessages: 1000, returnImmediately: true });
      const { receivedMessages = [] } = answer as { receivedMessages?: { ackId: string; message: SentMessage }[] };
      return receivedMessages.map(({ ackId, message }) => ({ ackId, message: toArrived(message) }));
    },
    acknowledge: (id, ackIds) => post(id, "acknowledge", { ackIds }),
    async modifyDeadline(id, ackIds, ackDeadlineSeconds) {
      for (let from = 0; from < ackIds.length; from += MOST_ACK_IDS) {
        await post(id, "modifyAckDeadline", { ackIds: ackIds.slice(from, from + MOST_ACK_IDS), ackDeadlineSeconds });
      }
    },
    async publish(topic, messages) {
      const sent = messages.map(({ data, ...message }) => ({ ...message, data: data?.toString("base64") }));
      const { messageIds } = await call("POST", `topics/${topic}:publish`, { messages: sent });
      return messageIds as string[];
    },
  };
}
