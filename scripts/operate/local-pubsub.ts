import { Client, credentials, status } from "@grpc/grpc-js";
import { askLocalStack } from "../common/local-url.ts";
import { callUnary, hasStatus } from "../pubsub/client.ts";
import { toArrivedMessage } from "../pubsub/open-subscription.ts";
import { publisherMethods, subscriberMethods, unlimitedMessages } from "../pubsub/protocol.ts";
import type { PubSub } from "./pubsub.ts";

/** Pub/Sub of the local stack, whose front says where it is. @throws UsageError where no local stack answers */
export async function connectLocalPubSub(url: string): Promise<PubSub> {
  const { pubsub, project } = (await askLocalStack(url, "/console/info")) as Readonly<Record<string, string>>;
  const client = new Client(pubsub ?? "", credentials.createInsecure(), unlimitedMessages);
  const toTopic = (id: string) => `projects/${project}/topics/${id}`;
  const toSubscription = (id: string) => `projects/${project}/subscriptions/${id}`;
  return {
    async listSubscriptions(topic) {
      try {
        const { subscriptions } = await callUnary(client, publisherMethods.ListTopicSubscriptions, {
          topic: toTopic(topic),
        });
        return subscriptions.map((name) => name.replace(/^.*\//, ""));
      } catch (error) {
        if (hasStatus(error, status.NOT_FOUND)) return undefined;
        throw error;
      }
    },
    async createSubscription(id, topic, filter) {
      const request = { name: toSubscription(id), topic: toTopic(topic), filter };
      const expirationPolicy = { ttl: { seconds: 86_400 } };
      await callUnary(client, subscriberMethods.CreateSubscription, { ...request, expirationPolicy });
    },
    async deleteSubscription(id) {
      await callUnary(client, subscriberMethods.DeleteSubscription, { subscription: toSubscription(id) });
    },
    async seek(id, time) {
      const seconds = Math.floor(time.getTime() / 1000);
      const nanos = (time.getTime() % 1000) * 1_000_000;
      await callUnary(client, subscriberMethods.Seek, { subscription: toSubscription(id), time: { seconds, nanos } });
    },
    async pull(id) {
      const request = { subscription: toSubscription(id), maxMessages: 1000, returnImmediately: true };
      const { receivedMessages } = await callUnary(client, subscriberMethods.Pull, request);
      return receivedMessages.map(({ ackId, message }) => ({ ackId, message: toArrivedMessage(message) }));
    },
    async acknowledge(id, ackIds) {
      const request = { subscription: toSubscription(id), ackIds: [...ackIds] };
      if (ackIds.length > 0) await callUnary(client, subscriberMethods.Acknowledge, request);
    },
    async modifyDeadline(id, ackIds, ackDeadlineSeconds) {
      const request = { subscription: toSubscription(id), ackIds: [...ackIds], ackDeadlineSeconds };
      if (ackIds.length > 0) await callUnary(client, subscriberMethods.ModifyAckDeadline, request);
    },
    async publish(topic, message) {
      await callUnary(client, publisherMethods.Publish, { topic: toTopic(topic), messages: [message] });
    },
    close: () => client.close(),
  };
}
