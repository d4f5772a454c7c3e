import type { Client } from "@grpc/grpc-js";
import type { Config } from "../../config.ts";
import { PREFIX_BYTES, PUBLISH_METHOD } from "./codec.ts";
import { reuseFor } from "./reuse.ts";
import { findSession } from "./session.ts";
import { callUnary } from "./unary-call.ts";

/** The longest that a timer of Node can be set to. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * How long a call may use the headers of the one before. The account answers with its token until that is about to expire,
 * in minutes; but to be asked for it costs a call 8 µs.
 */
const TOKEN_MS = 1000;

/** A client of Pub/Sub that publishes to one topic. */
export interface PubSubClient {
  /** Connects and fetches credentials, so that the first publish need not wait for them. */
  warmUp(): Promise<void>;
  /**
   * Calls the Publish method once, without a retry.
   *
   * @param message a `PublishRequest` with its length prefix
   * @param deadline milliseconds since the epoch at which the call ends with DEADLINE_EXCEEDED
   * @returns the `PublishResponse`
   * @throws the gRPC error, or that of the credentials
   */
  publish(message: Buffer, deadline: number): Promise<Buffer>;
  close(): void;
}

/**
 * Opens the generated `v1.PublisherClient` of `@google-cloud/pubsub`. That package is not loaded (50 ms) before this call.
 *
 * We take the client's channel and credentials, and call ourselves: the high-level client's queues keep state for each
 * ordering key and fail a key's next event with the last one's error, and the layers below them cost more than the call
 * itself, see `session.ts`.
 *
 * @param topic full name, `projects/…/topics/…`
 */
export async function openPubSubClient(config: Config, topic: string): Promise<PubSubClient> {
  const [{ v1 }, { grpc, GoogleAuth, googleAuthLibrary }] = await Promise.all([
    import("@google-cloud/pubsub"),
    import("google-gax"),
  ]);
  const emulator = config.PUBSUB_EMULATOR_HOST;
  const { hostname, port } = toAddress(emulator ?? config.PUBSUB_ENDPOINT);
  const client = new v1.PublisherClient({
    projectId: config.GCP_PROJECT_ID,
    ...(hostname && { apiEndpoint: hostname, port }),
    ...(emulator && {
      sslCreds: grpc.credentials.createInsecure(),
      // Without an auth client of its own the library would look for a metadata server first.
      auth: new GoogleAuth({ authClient: new googleAuthLibrary.PassThroughClient() }),
    }),
    // Connections of one address share a socket otherwise, and a new one would inherit the dead one's.
    "grpc.use_local_subchannel_pool": 1,
    // `deliver.ts` retries.
    "grpc.enable_retries": 0,
    // As often as that: by default the channel would try no more than once in two minutes after a long outage.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1000,
    // The channel does not see the calls on its session: after half an hour of nothing else it would close that.
    "grpc.client_idle_timeout_ms": MAX_TIMER_MS,
  });
  const stub = (await client.initialize()) as unknown as Client;
  const account = emulator ? undefined : await client.auth.getClient();

  const routing = { "x-goog-request-params": `topic=${encodeURIComponent(topic)}` };
  const metadata = grpc.Metadata.fromHttp2Headers(routing);
  const service = `https://${client.apiEndpoint}${PUBLISH_METHOD.slice(0, PUBLISH_METHOD.lastIndexOf("/"))}`;
  const readHeaders = reuseFor(TOKEN_MS, async () => {
    const authorization = (await account?.getRequestHeaders(service)) ?? [];
    const headers: Record<string, string> = {
      ":method": "POST",
      ":scheme": emulator ? "http" : "https",
      ":authority": port === undefined ? client.apiEndpoint : `${hostname}:${port}`,
      ":path": PUBLISH_METHOD,
      te: "trailers",
      "content-type": "application/grpc",
      "user-agent": "pulsecart-producer",
      ...routing,
      ...Object.fromEntries(authorization),
    };
    return Object.entries(headers).flat();
  });

  const callStub = (message: Buffer, deadline: number): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      stub.makeUnaryRequest(
        PUBLISH_METHOD,
        (bytes: Buffer) => bytes.subarray(PREFIX_BYTES),
        (bytes) => bytes,
        message,
        metadata,
        { deadline },
        (error, answer) => (answer ? resolve(answer) : reject(error)),
      );
    });

  return {
    async warmUp() {
      stub.getChannel().getConnectivityState(true);
      await client.auth.getAccessToken();
    },
    async publish(message, deadline) {
      const headers = await readHeaders();
      const session = findSession(stub);
      return session ? callUnary(session, headers, message, deadline) : callStub(message, deadline);
    },
    close() {
      stub.close();
    },
  };
}

/** @returns host and port of an endpoint such as `pubsub.googleapis.com`, `localhost:8085` or `http://localhost:8085/` */
function toAddress(endpoint: string | undefined): { hostname?: string; port?: number } {
  if (endpoint === undefined) return {};
  const [hostname = "", port] = endpoint
    .replace(/^https?:\/\//, "")
    .replace(/\/$/, "")
    .split(":");
  return { hostname, port: Number(port ?? 443) };
}
