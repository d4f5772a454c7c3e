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

/** A message on its way, and the handle by which it is acknowledged. */
export interface Received {
  readonly ackId: string;
  readonly message: ArrivedMessage;
}

/** A message to publish, in which everything may be absent. */
export type OutgoingMessage = Partial<Pick<PubSubMessage, "data" | "attributes" | "orderingKey">>;

type SubscriptionOptions = { ordered?: boolean } & Omit<
  Partial<Subscription>,
  "name" | "topic" | "enableMessageOrdering"
>;

/** What a test or a script does to a Pub/Sub server, be it the embedded one or the emulator. */
export type PubSubAdmin = ReturnType<typeof connectPubSub>;

/**
 * Opens a connection for set-up and tests, without any of the real client's retries, batching or credentials.
 *
 * @param endpoint `host:port`
 * @param project every topic and subscription named in a call belongs to it
 * @returns functions that reject with grpc-js's ServiceError
 */
export function connectPubSub(endpoint: string, project: string) {
  const client = new Client(endpoint, credentials.createInsecure(), unlimitedMessages);
  const toTopicName = (topic: string) => `projects/${project}/topics/${topic}`;
  const toSubscriptionName = (subscription: string) => `projects/${project}/subscriptions/${subscription}`;
  return {
    /** Creates the topic unless it is there. */
    createTopic: (topic: string, settings: Omit<Topic, "name"> = {}): Promise<unknown> =>
      unlessThere(callUnary(client, publisherMethods.CreateTopic, { name: toTopicName(topic), ...settings })),
    deleteTopic: (topic: string): Promise<unknown> =>
      callUnary(client, publisherMethods.DeleteTopic, { topic: toTopicName(topic) }),
    /** Creates the subscription unless it is there. */
    createSubscription(
      id: string,
      topic: string,
      { ordered: enableMessageOrdering = false, ...settings }: SubscriptionOptions = {},
    ): Promise<unknown> {
      const request = { name: toSubscriptionName(id), topic: toTopicName(topic), enableMessageOrdering, ...settings };
      return unlessThere(callUnary(client, subscriberMethods.CreateSubscription, request));
    },
    deleteSubscription: (id: string): Promise<unknown> =>
      callUnary(client, subscriberMethods.DeleteSubscription, { subscription: toSubscriptionName(id) }),
    /** Publishes in one request; resolves with the message ids. */
    async publish(topic: string, messages: OutgoingMessage[]): Promise<string[]> {
      const response = await callUnary(client, publisherMethods.Publish, { topic: toTopicName(topic), messages });
      return response.messageIds;
    },
    /** Subscriptions of a topic; undefined where there is no such topic. */
    async listSubscriptions(topic: string): Promise<string[] | undefined> {
      try {
        const request = { topic: toTopicName(topic) };
        const { subscriptions } = await callUnary(client, publisherMethods.ListTopicSubscriptions, request);
        return subscriptions.map((name) => name.replace(/^.*\//, ""));
      } catch (error) {
        if (hasStatus(error, status.NOT_FOUND)) return undefined;
        throw error;
      }
    },
    /** Winds a subscription to a time. */
    seek(id: string, date: Date): Promise<unknown> {
      const time = { seconds: Math.floor(date.getTime() / 1000), nanos: date.getMilliseconds() * 1_000_000 };
      return callUnary(client, subscriberMethods.Seek, { subscription: toSubscriptionName(id), time });
    },
    /** Takes what is there now, which may be nothing. */
    async pull(id: string): Promise<Received[]> {
      const request = { subscription: toSubscriptionName(id), maxMessages: 1000, returnImmediately: true };
      const { receivedMessages } = await callUnary(client, subscriberMethods.Pull, request);
      return receivedMessages.map(({ ackId, message }) => ({ ackId, message: toArrivedMessage(message) }));
    },
    acknowledge: (id: string, ackIds: string[]): Promise<unknown> =>
      callUnary(client, subscriberMethods.Acknowledge, { subscription: toSubscriptionName(id), ackIds }),
    /** Sets the deadline of these to so many seconds from now; 0 gives them back. */
    modifyDeadline(id: string, ackIds: string[], ackDeadlineSeconds: number): Promise<unknown> {
      const request = { subscription: toSubscriptionName(id), ackIds, ackDeadlineSeconds };
      return callUnary(client, subscriberMethods.ModifyAckDeadline, request);
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

function unlessThere(creation: Promise<unknown>): Promise<unknown> {
  return creation.catch((error: unknown) => {
    if (!hasStatus(error, status.ALREADY_EXISTS)) throw error;
  });
}
