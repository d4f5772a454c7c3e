import { GcloudError } from "../deploy/gcloud/gcloud.ts";
import { connectRest, type SentMessage, toArrived } from "../deploy/gcloud/pubsub-rest.ts";
import { labels } from "../deploy/target.ts";
import type { PubSub } from "./pubsub.ts";

/** Pub/Sub's REST API takes no request above 512 KiB here, and an ack id has some 200 bytes. */
const MOST_ACK_IDS = 1000;

/** Pub/Sub of a Google Cloud project. @throws GcloudError where gcloud gives no access token */
export async function connectCloudPubSub(project: string): Promise<PubSub> {
  const call = await connectRest(project);
  const toName = (topic: string) => `projects/${project}/topics/${topic}`;
  const settle = async (subscription: string, method: string, ackIds: readonly string[], more: object = {}) => {
    for (let from = 0; from < ackIds.length; from += MOST_ACK_IDS) {
      const body = { ackIds: ackIds.slice(from, from + MOST_ACK_IDS), ...more };
      await call("POST", `subscriptions/${subscription}:${method}`, body);
    }
  };
  return {
    async listSubscriptions(topic) {
      const names: string[] = [];
      let pageToken = "";
      try {
        do {
          const query = new URLSearchParams({ pageSize: "1000", pageToken });
          const page = await call("GET", `topics/${topic}/subscriptions?${query}`);
          names.push(...((page.subscriptions as string[] | undefined) ?? []));
          pageToken = String(page.nextPageToken ?? "");
        } while (pageToken !== "");
      } catch (error) {
        if (error instanceof GcloudError && error.stderr.includes("NOT_FOUND")) return undefined;
        throw error;
      }
      return names.map((name) => name.replace(/^.*\//, ""));
    },
    async createSubscription(id, topic, { filter = "", expirationPolicy } = {}) {
      const settings = { filter, labels, ackDeadlineSeconds: 60, messageRetentionDuration: "600s" };
      const ttl = `${expirationPolicy?.ttl?.seconds}s`;
      await call("PUT", `subscriptions/${id}`, { topic: toName(topic), ...settings, expirationPolicy: { ttl } });
    },
    async deleteSubscription(id) {
      await call("DELETE", `subscriptions/${id}`);
    },
    async seek(subscription, time) {
      await call("POST", `subscriptions/${subscription}:seek`, { time: time.toISOString() });
    },
    async pull(subscription) {
      // Otherwise a pull that finds nothing waits for more than a minute.
      const body = { maxMessages: 1000, returnImmediately: true };
      const answer = await call("POST", `subscriptions/${subscription}:pull`, body);
      const { receivedMessages = [] } = answer as { receivedMessages?: { ackId: string; message: SentMessage }[] };
      return receivedMessages.map(({ ackId, message }) => ({ ackId, message: toArrived(message) }));
    },
    acknowledge: (subscription, ackIds) => settle(subscription, "acknowledge", ackIds),
    modifyDeadline: (subscription, ackIds, ackDeadlineSeconds) =>
      settle(subscription, "modifyAckDeadline", ackIds, { ackDeadlineSeconds }),
    async publish(topic, messages) {
      const sent = messages.map(({ data, ...message }) => ({ ...message, data: data?.toString("base64") }));
      const { messageIds } = await call("POST", `topics/${topic}:publish`, { messages: sent });
      return messageIds as string[];
    },
    close() {},
  };
}
