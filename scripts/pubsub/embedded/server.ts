import { Server, ServerCredentials } from "@grpc/grpc-js";
import { findFreePort } from "../../common/free-port.ts";
import { publisherMethods, subscriberMethods, unlimitedMessages } from "../protocol.ts";
import { createPublisherService, type SizedPublishRequest } from "./publisher-service.ts";
import { Resources } from "./resources.ts";
import { createSubscriberService } from "./subscriber-service.ts";
import type { SubscriptionBacklog } from "./subscription.ts";
import type { Spare } from "./unread.ts";

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
  const counts = { requests: 0, messages: 0 };
  const server = new Server(unlimitedMessages);
  server.addService(
    { ...publisherMethods, Publish: { ...publisherMethods.Publish, requestDeserialize: readSizedPublishRequest } },
    createPublisherService(resources, counts),
  );
  server.addService({ ...subscriberMethods }, createSubscriberService(resources));
  const boundPort = await listen(server, port);
  return {
    endpoint: `127.0.0.1:${boundPort}`,
    stats: () => ({ publishRequests: counts.requests, messages: counts.messages, held: resources.countHeld() }),
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
