import type { v1 } from "@google-cloud/pubsub";
import type { Client, Metadata } from "@grpc/grpc-js";
import type { Config } from "../config.ts";
import { decodePublishResponse, encodePublishRequest, PUBLISH_METHOD } from "./codec.ts";

/** One message as Pub/Sub stores it. */
export interface Message {
  /** At most 10 MB together with attributes and ordering key. */
  readonly data: Buffer;
  readonly orderingKey: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** One publish request: messages of one ordering key. */
export interface PublishRequest {
  /** Full name, `projects/…/topics/…`. */
  readonly topic: string;
  readonly messages: readonly Message[];
}

/**
 * Calls that one connection has open. Google's front ends take 100 streams a connection: a further call would wait all the
 * same, but as a complete gRPC call, whose 30 kB of objects the garbage collector copies meanwhile.
 */
const MAX_OPEN_CALLS = 100;

/**
 * One connection to Pub/Sub, through the generated `v1.PublisherClient` of `@google-cloud/pubsub`.
 *
 * Neither that package (50 ms to load) nor credentials are touched before the first call. We take the client's channel and
 * credentials, and call its stub ourselves: the high-level client's queues keep state for each ordering key and fail a
 * key's next event with the last one's error, and the layers above the stub cost 15 to 25 µs of CPU a call for retries and
 * options that `deliver.ts` decides anyway.
 */
export class Connection {
  readonly #config: Config;
  #opened: Promise<Opened> | undefined;
  /** Calls that are open or wait for their turn. */
  #calls = 0;
  readonly #turns: (() => void)[] = [];
  #isRetired = false;

  constructor(config: Config) {
    this.#config = config;
  }

  /** Loads the client, connects and fetches credentials, so that the first publish need not wait for them. */
  async warmUp(): Promise<void> {
    const { client, stub } = await this.#open();
    stub.getChannel().getConnectivityState(true);
    await client.auth.getAccessToken();
  }

  /**
   * Publishes once, without a retry.
   *
   * @param deadline milliseconds since the epoch at which the call ends with DEADLINE_EXCEEDED
   * @returns the message ids, in the messages' order
   * @throws the gRPC error, or that of the credentials
   */
  async publish(request: PublishRequest, deadline: number): Promise<readonly string[]> {
    this.#calls++;
    if (this.#calls > MAX_OPEN_CALLS) await new Promise<void>((resolve) => this.#turns.push(resolve));
    try {
      const { stub, toMetadata } = await this.#open();
      return await new Promise((resolve, reject) => {
        withoutStack(() =>
          stub.makeUnaryRequest(
            PUBLISH_METHOD,
            encodePublishRequest,
            decodePublishResponse,
            request,
            toMetadata(request.topic),
            { deadline },
            (error, messageIds) => {
              if (messageIds?.length === request.messages.length) resolve(messageIds);
              else reject(error ?? new Error("Pub/Sub did not answer with one message id for each message"));
            },
          ),
        );
      });
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

  #open(): Promise<Opened> {
    this.#opened ??= open(this.#config).catch((error) => {
      // Credentials that could not be had now may be there for the next attempt.
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  #closeIfUnused(): void {
    if (!this.#isRetired || this.#calls > 0) return;
    this.#opened?.then(({ client }) => client.close()).catch(() => {});
    this.#opened = undefined;
  }
}

interface Opened {
  readonly client: v1.PublisherClient;
  readonly stub: Client;
  toMetadata(topic: string): Metadata;
}

async function open(config: Config): Promise<Opened> {
  const [{ v1 }, { grpc, GoogleAuth, googleAuthLibrary }] = await Promise.all([
    import("@google-cloud/pubsub"),
    import("google-gax"),
  ]);
  const { hostname, port } = toAddress(config.PUBSUB_EMULATOR_HOST ?? config.PUBSUB_ENDPOINT);
  const client = new v1.PublisherClient({
    projectId: config.GCP_PROJECT_ID,
    ...(hostname && { apiEndpoint: hostname, port }),
    ...(config.PUBSUB_EMULATOR_HOST && {
      sslCreds: grpc.credentials.createInsecure(),
      // Without an auth client of its own the library would look for a metadata server first.
      auth: new GoogleAuth({ authClient: new googleAuthLibrary.PassThroughClient() }),
    }),
    // Connections of one address share a socket otherwise, and a new one would inherit the dead one's.
    "grpc.use_local_subchannel_pool": 1,
    // `deliver.ts` retries; gRPC's own buffer for that costs 3 % of the CPU of an event.
    "grpc.enable_retries": 0,
    // Nor does anybody ask for its statistics: 4 % of a call.
    "grpc.enable_channelz": 0,
  });
  const stub = (await client.initialize()) as unknown as Client;
  const byTopic = new Map<string, Metadata>();
  const toMetadata = (topic: string) => {
    let metadata = byTopic.get(topic);
    if (!metadata) {
      metadata = new grpc.Metadata();
      metadata.set("x-goog-request-params", `topic=${encodeURIComponent(topic)}`);
      byTopic.set(topic, metadata);
    }
    return metadata;
  };
  return { client, stub, toMetadata };
}

/** grpc-js captures a stack at each call, for the case that it fails: 6 % of the CPU of an event, and of no use to us. */
function withoutStack(call: () => void): void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    call();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function toAddress(endpoint: string | undefined): { hostname?: string; port?: number } {
  if (endpoint === undefined) return {};
  const [hostname = "", port] = endpoint
    .replace(/^https?:\/\//, "")
    .replace(/\/$/, "")
    .split(":");
  return { hostname, port: Number(port ?? 443) };
}
