import { Server, ServerCredentials } from "@grpc/grpc-js";
import { findFreePort } from "../../common/free-port.ts";
import {
  type ModifyAckDeadlineRequest,
  type Page,
  type PublishRequest,
  type PublishResponse,
  publisherMethods,
  type SeekRequest,
  type Subscription as SubscriptionConfig,
  subscriberMethods,
  type Topic as TopicConfig,
  unlimitedMessages,
} from "../protocol.ts";
import { checkAckDeadline } from "./config-checks.ts";
import { findPublishFault } from "./publish-checks.ts";
import { handlePull } from "./pull.ts";
import { type Published, Resources, type Spare } from "./resources.ts";
import { invalidArgument, unary } from "./rpc-error.ts";
import { handleStreamingPull } from "./streaming-pull.ts";
import type { SubscriptionBacklog } from "./subscription.ts";

const LARGEST_PAGE = 1000;

/**
 * Cuts a page out of a list, in the order of the names, as the service has it.
 *
 * @returns the page, and the token of the next one where there is one
 * @throws {RpcError} INVALID_ARGUMENT for a token that is none of ours
 */
function toPage<T extends { readonly name: string }>(items: readonly T[], { pageSize = 0, pageToken = "" }: Page) {
  const sorted = [...items].sort((a, b) => (a.name < b.name ? -1 : 1));
  const after = Buffer.from(pageToken, "base64url").toString();
  if (pageToken !== "" && !after.startsWith("projects/")) throw invalidArgument("Invalid page token given.");
  const rest = sorted.filter(({ name }) => name > after);
  const page = rest.slice(0, pageSize > 0 ? Math.min(pageSize, LARGEST_PAGE) : LARGEST_PAGE);
  const last = page.length < rest.length ? page.at(-1) : undefined;
  return { page, ...(last && { nextPageToken: Buffer.from(last.name).toString("base64url") }) };
}

/** The handlers of google.pubsub.v1.Subscriber. */
function createSubscriberService(resources: Resources) {
  return {
    CreateSubscription: unary((request: SubscriptionConfig) => resources.createSubscription(request).config),
    GetSubscription: unary(
      (request: { subscription: string }) => resources.findSubscription(request.subscription).config,
    ),
    ListSubscriptions: unary((request: { project: string } & Page) => {
      const { page, ...rest } = toPage(resources.listSubscriptions(request.project), request);
      return { subscriptions: page, ...rest };
    }),
    DeleteSubscription: unary((request: { subscription: string }) => {
      resources.deleteSubscription(request.subscription);
      return {};
    }),
    Acknowledge: unary((request: { subscription: string; ackIds: string[] }) => {
      if (request.ackIds.length === 0) throw invalidArgument("No ack ids specified.");
      const subscription = resources.findSubscription(request.subscription);
      subscription.checkAckIds(request.ackIds);
      subscription.acknowledge(request.ackIds);
      return {};
    }),
    ModifyAckDeadline: unary((request: ModifyAckDeadlineRequest) => {
      const subscription = resources.findSubscription(request.subscription);
      if (request.ackIds.length === 0) throw invalidArgument("No ack ids specified.");
      checkAckDeadline(request.ackDeadlineSeconds, 0);
      subscription.checkAckIds(request.ackIds);
      for (const ackId of request.ackIds) subscription.modifyDeadline(ackId, request.ackDeadlineSeconds);
      return {};
    }),
    Seek: unary((request: SeekRequest) => {
      resources.seek(request);
      return {};
    }),
    Pull: handlePull(resources),
    StreamingPull: handleStreamingPull(resources),
  };
}

/** A publish request with the number of bytes it had on the wire. */
interface SizedPublishRequest extends PublishRequest {
  wireBytes: number;
}

/** The handlers of google.pubsub.v1.Publisher. */
function createPublisherService(resources: Resources, counts: Omit<EmbeddedPubSubStats, "held">) {
  function store(request: SizedPublishRequest): PublishResponse {
    counts.publishRequests += 1;
    const topic = resources.findTopic(request.topic);
    const fault = findPublishFault(request, request.wireBytes);
    if (fault !== undefined) throw fault;
    counts.messages += request.messages.length;
    // Decoded with defaults: all fields are there.
    return { messageIds: resources.publish(topic, request.messages as Published[]) };
  }

  return {
    CreateTopic: unary((request: TopicConfig) => resources.createTopic(request).config),
    GetTopic: unary((request: { topic: string }) => resources.findTopic(request.topic).config),
    ListTopics: unary((request: { project: string } & Page) => {
      const { page, ...rest } = toPage(resources.listTopics(request.project), request);
      return { topics: page, ...rest };
    }),
    ListTopicSubscriptions: unary((request: { topic: string } & Page) => {
      const configs = [...resources.findTopic(request.topic).subscriptions].map(({ config }) => config);
      const { page, ...rest } = toPage(configs, request);
      return { subscriptions: page.map(({ name }) => name), ...rest };
    }),
    DeleteTopic: unary((request: { topic: string }) => {
      resources.deleteTopic(request.topic);
      return {};
    }),
    Publish: unary(store),
  };
}

/** A running embedded server. */
export interface EmbeddedPubSub {
  /** `host:port`, as for PUBSUB_EMULATOR_HOST. */
  readonly endpoint: string;
  /** Counts since the start. */
  stats(): EmbeddedPubSubStats;
  /** How far the consumers of each subscription are: what the API itself does not tell. */
  backlogs(): readonly SubscriptionBacklog[];
  /** Ends the server with all its connections; everything in it is forgotten. */
  close(): Promise<void>;
}

export interface EmbeddedPubSubStats {
  /** Publish calls received, refused ones included. */
  publishRequests: number;
  /** Messages accepted. */
  messages: number;
  /** Messages in memory: those that some subscription has not acknowledged. */
  held: number;
}

/**
 * Starts a Pub/Sub server in this process, in memory: topics, subscriptions, publish, pull and streaming pull with order
 * per key. It refuses what the real service refuses, also where the official emulator does not.
 *
 * @param options.port port on 127.0.0.1; 0, the default, takes a free one
 * @param options.spare subscriptions that may lose messages while nobody has opened them; none by default
 * @throws Error with code EADDRINUSE when the port is taken
 */
export async function startEmbeddedPubSub({
  port = 0,
  spare,
}: {
  readonly port?: number;
  readonly spare?: Spare | undefined;
} = {}): Promise<EmbeddedPubSub> {
  // grpc-js hides the reason why it cannot listen, and prints a line of its own besides.
  if (port !== 0) await findFreePort(port);
  const resources = new Resources(spare);
  const counts = { publishRequests: 0, messages: 0 };
  const server = new Server(unlimitedMessages);
  server.addService(
    { ...publisherMethods, Publish: { ...publisherMethods.Publish, requestDeserialize: readSizedPublishRequest } },
    createPublisherService(resources, counts),
  );
  server.addService({ ...subscriberMethods }, createSubscriberService(resources));
  const boundPort = await listen(server, port);
  return {
    endpoint: `127.0.0.1:${boundPort}`,
    stats: () => ({ ...counts, held: resources.countHeld() }),
    backlogs: () => resources.listBacklogs(),
    close: async () => {
      resources.close();
      server.forceShutdown();
    },
  };
}

function readSizedPublishRequest(bytes: Buffer): SizedPublishRequest {
  return { ...publisherMethods.Publish.requestDeserialize(bytes), wireBytes: bytes.length };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, boundPort) => {
      if (error) reject(error);
      else resolve(boundPort);
    });
  });
}
