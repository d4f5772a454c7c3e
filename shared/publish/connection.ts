import type { Config } from "../config.ts";
import { decodePublishResponse, encodePublishRequest, type Message } from "./grpc/codec.ts";
import { openPubSubClient, type PubSubClient } from "./grpc/pubsub-client.ts";

/**
 * Calls that one connection has open. Google's front ends take 100 streams a connection: a further call would wait all the
 * same, but as a complete call, whose objects the garbage collector copies meanwhile.
 */
const MAX_OPEN_CALLS = 100;

/** One connection to Pub/Sub, opened by its first use. */
export class Connection {
  readonly #config: Config;
  readonly #topic: string;
  #client: Promise<PubSubClient> | undefined;
  /** Calls that are open or wait for their turn. */
  #calls = 0;
  readonly #turns: (() => void)[] = [];
  #isRetired = false;

  /** @param topic full name, `projects/…/topics/…` */
  constructor(config: Config, topic: string) {
    this.#config = config;
    this.#topic = topic;
  }

  /** Loads the client, connects and fetches credentials, so that the first publish need not wait for them. */
  async warmUp(): Promise<void> {
    const client = await this.#open();
    await client.warmUp();
  }

  /**
   * Publishes messages of one ordering key in one request, once, without a retry.
   *
   * @param deadline milliseconds since the epoch at which the call ends with DEADLINE_EXCEEDED
   * @returns the message ids, in the messages' order
   * @throws the gRPC error, or that of the credentials
   */
  async publish(messages: readonly Message[], deadline: number): Promise<readonly string[]> {
    this.#calls++;
    if (this.#calls > MAX_OPEN_CALLS) await new Promise<void>((resolve) => this.#turns.push(resolve));
    try {
      const client = await this.#open();
      const answer = await client.publish(encodePublishRequest(this.#topic, messages), deadline);
      const messageIds = decodePublishResponse(answer);
      if (messageIds.length === messages.length) return messageIds;
      throw new Error("Pub/Sub did not answer with one message id for each message");
    } finally {
      this.#calls--;
      this.#turns.shift()?.();
      this.#closeIfUnused();
    }
  }

  /** Takes no new calls; closes once those that are open have ended. */
  retire(): void {
    this.#isRetired = true;
    this.#closeIfUnused();
  }

  #open(): Promise<PubSubClient> {
    this.#client ??= openPubSubClient(this.#config, this.#topic).catch((error) => {
      // Credentials that could not be had now may be there for the next attempt.
      this.#client = undefined;
      throw error;
    });
    return this.#client;
  }

  #closeIfUnused(): void {
    if (!this.#isRetired || this.#calls > 0) return;
    this.#client?.then((client) => client.close()).catch(() => {});
    this.#client = undefined;
  }
}
