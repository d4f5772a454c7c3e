import { createRequire } from "node:module";
import type { MethodDefinition } from "@grpc/grpc-js";
import type { AnyDefinition, ServiceDefinition } from "@grpc/proto-loader";
import { fromJSON } from "@grpc/proto-loader";

/** A Pub/Sub message as it travels. `messageId` and `publishTime` are given by the server. */
export interface PubSubMessage {
  data: Buffer;
  attributes: Record<string, string>;
  messageId: string;
  publishTime: Timestamp | null;
  orderingKey: string;
}

/** google.protobuf.Timestamp. */
export interface Timestamp {
  seconds: number;
  nanos: number;
}

/** google.protobuf.Duration. */
export interface Duration {
  seconds: number;
  nanos?: number;
}

/** Milliseconds, with what is below one; 0 for none. */
export function toMs(time: Timestamp | Duration | null | undefined): number {
  return time ? time.seconds * 1000 + (time.nanos ?? 0) / 1e6 : 0;
}

export interface Topic {
  name: string;
  labels?: Record<string, string>;
  messageRetentionDuration?: Duration | null;
  schemaSettings?: { schema: string; encoding?: string } | null;
}

export interface PublishRequest {
  topic: string;
  messages: Partial<PubSubMessage>[];
}

export interface PublishResponse {
  messageIds: string[];
}

/** Of google.pubsub.v1.Subscription, the fields that the embedded server takes; it refuses the others. */
export interface Subscription {
  name: string;
  topic: string;
  labels?: Record<string, string>;
  pushConfig?: { pushEndpoint?: string; attributes?: Record<string, string> } | null;
  ackDeadlineSeconds?: number;
  messageRetentionDuration?: Duration | null;
  enableMessageOrdering?: boolean;
  filter?: string;
  expirationPolicy?: { ttl?: Duration | null } | null;
  retryPolicy?: { minimumBackoff?: Duration | null; maximumBackoff?: Duration | null } | null;
  enableExactlyOnceDelivery?: boolean;
  retainAckedMessages?: boolean;
  deadLetterPolicy?: { deadLetterTopic: string; maxDeliveryAttempts?: number } | null;
}

/** One message on its way to a subscriber, with the handle by which it is acknowledged. */
export interface ReceivedMessage {
  ackId: string;
  message: PubSubMessage;
  /** From 1 where the subscription has a dead-letter policy, else 0. */
  deliveryAttempt: number;
}

/** What a subscriber sends on its stream: the first one opens it, later ones carry acknowledgements and deadlines. */
export interface StreamingPullRequest {
  subscription?: string;
  ackIds?: string[];
  modifyDeadlineSeconds?: number[];
  modifyDeadlineAckIds?: string[];
  streamAckDeadlineSeconds?: number;
  maxOutstandingMessages?: number;
  maxOutstandingBytes?: number;
}

export interface ReceivedMessages {
  receivedMessages: ReceivedMessage[];
  /** On a stream: without it, Java's and Go's clients hand one key's messages to several threads. */
  subscriptionProperties?: { messageOrderingEnabled: boolean };
}

/** Which part of a list is asked for. */
export interface Page {
  /** 0 for the server's own choice. */
  pageSize?: number;
  pageToken?: string;
}

export interface PublisherMethods {
  CreateTopic: MethodDefinition<Topic, Topic>;
  GetTopic: MethodDefinition<{ topic: string }, Topic>;
  ListTopics: MethodDefinition<{ project: string } & Page, { topics: Topic[]; nextPageToken?: string }>;
  ListTopicSubscriptions: MethodDefinition<
    { topic: string } & Page,
    { subscriptions: string[]; nextPageToken?: string }
  >;
  DeleteTopic: MethodDefinition<{ topic: string }, object>;
  Publish: MethodDefinition<PublishRequest, PublishResponse>;
}

export interface SubscriberMethods {
  CreateSubscription: MethodDefinition<Subscription, Subscription>;
  GetSubscription: MethodDefinition<{ subscription: string }, Subscription>;
  ListSubscriptions: MethodDefinition<
    { project: string } & Page,
    { subscriptions: Subscription[]; nextPageToken?: string }
  >;
  DeleteSubscription: MethodDefinition<{ subscription: string }, object>;
  Pull: MethodDefinition<PullRequest, ReceivedMessages>;
  StreamingPull: MethodDefinition<StreamingPullRequest, ReceivedMessages>;
  Acknowledge: MethodDefinition<{ subscription: string; ackIds: string[] }, object>;
  ModifyAckDeadline: MethodDefinition<ModifyAckDeadlineRequest, object>;
  Seek: MethodDefinition<SeekRequest, object>;
}

export interface PullRequest {
  subscription: string;
  maxMessages: number;
  returnImmediately?: boolean;
}

export interface SeekRequest {
  subscription: string;
  time?: Timestamp | null;
  snapshot?: string;
}

export interface ModifyAckDeadlineRequest {
  subscription: string;
  ackIds: string[];
  ackDeadlineSeconds: number;
}

// The client package's own definitions, so server and client cannot disagree about the protocol. `defaults` fills every
// absent field on reading, which is what lets the types above be free of `undefined` on the receiving side.
const definitions = fromJSON(createRequire(import.meta.url)("@google-cloud/pubsub/build/protos/protos.json"), {
  longs: Number,
  enums: String,
  defaults: true,
});

function readService(name: string): ServiceDefinition {
  const definition: AnyDefinition | undefined = definitions[name];
  if (definition === undefined || "format" in definition) throw new Error(`${name} is not in the proto definitions`);
  return definition as ServiceDefinition;
}

/** google.pubsub.v1.Publisher, the methods that the scripts use. */
export const publisherMethods = readService("google.pubsub.v1.Publisher") as unknown as PublisherMethods;

/** google.pubsub.v1.Subscriber, the methods that the scripts use. */
export const subscriberMethods = readService("google.pubsub.v1.Subscriber") as unknown as SubscriberMethods;

/** Neither end may cut a message short of what the service's own check has to see; a shell's proxy is not meant for it. */
export const unlimitedMessages = {
  "grpc.enable_http_proxy": 0,
  "grpc.max_receive_message_length": -1,
  "grpc.max_send_message_length": -1,
} as const;
