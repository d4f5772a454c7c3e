import { Client, credentials, type handleUnaryCall, Server, ServerCredentials, type ServiceError } from "@grpc/grpc-js";
import { callUnary } from "../../../pubsub/client.ts";
import {
  type PublishRequest,
  type PublishResponse,
  publisherMethods,
  unlimitedMessages,
} from "../../../pubsub/protocol.ts";

type Message = PublishRequest["messages"][number];

/** What makes a function that publishes through it break a promise. */
export interface Doctor {
  /** Changes one message on its way. */
  readonly change?: (message: Message) => Message;
  /** Stores a request's messages in the opposite order, under the ids of their places. */
  readonly reorders?: boolean;
  /** Answers at once, with ids of its own making, and stores later. */
  readonly answersEarly?: boolean;
}

/** A Pub/Sub server for a function to publish to, which hands everything to another one, altered as told. */
export interface DoctoredPubSub {
  readonly endpoint: string;
  close(): void;
}

export async function startDoctoredPubSub(endpoint: string, doctor: Doctor): Promise<DoctoredPubSub> {
  const client = new Client(endpoint, credentials.createInsecure(), unlimitedMessages);
  const server = new Server(unlimitedMessages);
  const store = async ({ topic, messages }: PublishRequest): Promise<PublishResponse> => {
    const changed = doctor.change === undefined ? messages : messages.map(doctor.change);
    const sent = doctor.reorders ? changed.toReversed() : changed;
    const { messageIds } = await callUnary(client, publisherMethods.Publish, { topic, messages: sent });
    return { messageIds: doctor.reorders ? messageIds.toReversed() : messageIds };
  };
  let made = 0;
  const publish: handleUnaryCall<PublishRequest, PublishResponse> = ({ request }, callback) => {
    if (doctor.answersEarly) {
      callback(null, { messageIds: request.messages.map(() => `early-${made++}`) });
      setTimeout(() => store(request).catch(() => {}), 50);
      return;
    }
    store(request).then(
      (response) => callback(null, response),
      (error: ServiceError) => callback(error),
    );
  };
  server.addService({ Publish: publisherMethods.Publish }, { Publish: publish });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    endpoint: `127.0.0.1:${port}`,
    close() {
      server.forceShutdown();
      client.close();
    },
  };
}
