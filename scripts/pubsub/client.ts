import { Client, credentials, Metadata, type MethodDefinition, type ServiceError, status } from "@grpc/grpc-js";
import { type ArrivedMessage, toArrivedMessage } from "./open-subscription.ts";
import {
  type PubSubMessage,
  publisherMethods,
  type Subscription,
  subscriberMethods,
  type Topic,
  unlimitedMessages,
} from "./protocol.ts";

/** What a test or a script does to a Pub/Sub server at an endpoint, be it the embedded one or the emulator. */
export interface PubSubAdmin {
  /** Creates the topic unless it is there. */
  createTopic(topic: string, settings?: Omit<Topic, "name">): Promise<void>;
  deleteTopic(topic: string): Promise<void>;
  /** Creates the subscription unless it is there. */
  createSubscription(
    subscription: string,
    topic: string,
    options?: { ordered?: boolean } & Omit<Partial<Subscription>, "name" | "topic" | "enableMessageOrdering">,
  ): Promise<void>;
  deleteSubscription(subscription: string): Promise<void>;
  /** Publishes in one request; resolves with the message ids. */
  publish(topic: string, messages: OutgoingMessage[]): Promise<string[]>;
  /** Subscriptions of a topic; undefined where there is no such topic. */
  listSubscriptions(topic: string): Promise<string[] | undefined>;
  /** Winds a subscription to a time. */
  seek(subscription: string, time: Date): Promise<void>;
  /** Takes what is there now, which may be nothing. */
  pull(subscription: string): Promise<Received[]>;
  acknowledge(subscription: string, ackIds: readonly string[]): Promise<void>;
  /** Sets the deadline of these to so many seconds from now; 0 gives them back. */
  modifyDeadline(subscription: string, ackIds: readonly string[], seconds: number): Promise<void>;
  close(): void;
}

/** A message on its way, and the handle by which it is acknowledged. */
export interface Received {
  readonly ackId: string;
  readonly message: ArrivedMessage;
}

/** A message to publish, in which everything may be absent. */
export type OutgoingMessage = Partial<Pick<PubSubMessage, "data" | "attributes" | "orderingKey">>;

/**
 * Opens a connection for set-up and tests, without any of the real client's retries, batching or credentials.
 *
 * @param endpoint `host:port`
 * @param project every topic and subscription named in a call belongs to it
 * @returns functions that reject with grpc-js's ServiceError
 */
export function connectPubSub(endpoint: string, project: string): PubSubAdmin {
  const client = new Client(endpoint, credentials.createInsecure(), unlimitedMessages);
  const toTopicName = (topic: string) => `projects/${project}/topics/${topic}`;
  const toSubscriptionName = (subscription: string) => `projects/${project}/subscriptions/${subscription}`;
  return {
    async createTopic(topic, settings = {}) {
      await unlessThere(callUnary(client, publisherMethods.CreateTopic, { name: toTopicName(topic), ...settings }));
    },
    async deleteTopic(topic) {
      await callUnary(client, publisherMethods.DeleteTopic, { topic: toTopicName(topic) });
    },
    async createSubscription(subscription, topic, { ordered = false, ...settings } = {}) {
      const request = {
        name: toSubscriptionName(subscription),
        topic: toTopicName(topic),
        enableMessageOrdering: ordered,
        ...settings,
      };
      await unlessThere(callUnary(client, subscriberMethods.CreateSubscription, request));
    },
    async deleteSubscription(subscription) {
      await callUnary(client, subscriberMethods.DeleteSubscription, { subscription: toSubscriptionName(subscription) });
    },
    async publish(topic, messages) {
      const response = await callUnary(client, publisherMethods.Publish, { topic: toTopicName(topic), messages });
      return response.messageIds;
    },
    async listSubscriptions(topic) {
      try {
        const request = { topic: toTopicName(topic) };
        const { subscriptions } = await callUnary(client, publisherMethods.ListTopicSubscriptions, request);
        return subscriptions.map((name) => name.replace(/^.*\//, ""));
      } catch (error) {
        if (hasStatus(error, status.NOT_FOUND)) return undefined;
        throw error;
      }
    },
    async seek(id, time) {
      const ms = time.getTime();
      const request = { time: { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 } };
      await callUnary(client, subscriberMethods.Seek, { subscription: toSubscriptionName(id), ...request });
    },
    async pull(id) {
      const request = { subscription: toSubscriptionName(id), maxMessages: 1000, returnImmediately: true };
      const { receivedMessages } = await callUnary(client, subscriberMethods.Pull, request);
      return receivedMessages.map(({ ackId, message }) => ({ ackId, message: toArrivedMessage(message) }));
    },
    async acknowledge(id, ackIds) {
      const request = { subscription: toSubscriptionName(id), ackIds: [...ackIds] };
      if (ackIds.length > 0) await callUnary(client, subscriberMethods.Acknowledge, request);
    },
    async modifyDeadline(id, ackIds, ackDeadlineSeconds) {
      const request = { subscription: toSubscriptionName(id), ackIds: [...ackIds], ackDeadlineSeconds };
      if (ackIds.length > 0) await callUnary(client, subscriberMethods.ModifyAckDeadline, request);
    },
    close: () => client.close(),
  };
}

/**
 * One unary call.
 *
 * @param options.timeoutMs ten seconds unless given
 * @param options.waitForReady try until the timeout to connect, rather than fail when nothing listens
 * @throws ServiceError with the server's status code and details, or DEADLINE_EXCEEDED
 */
export function callUnary<Request, Response>(
  client: Client,
  { path, requestSerialize, responseDeserialize }: MethodDefinition<Request, Response>,
  request: Request,
  { timeoutMs = 10_000, waitForReady = false }: { timeoutMs?: number; waitForReady?: boolean } = {},
): Promise<Response> {
  const metadata = new Metadata({ waitForReady });
  const options = { deadline: Date.now() + timeoutMs };
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata,
      options,
      (error, response) => (error ? reject(error) : resolve(response as Response)),
    );
  });
}

/** True for an error answer of a gRPC server with this status code. */
export function hasStatus(error: unknown, code: status): error is ServiceError {
  return error instanceof Error && "code" in error && error.code === code;
}

async function unlessThere(creation: Promise<unknown>): Promise<void> {
  try {
    await creation;
  } catch (error) {
    if (!hasStatus(error, status.ALREADY_EXISTS)) throw error;
  }
}
