import type { ClientHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { ChannelCredentials, Client } from "@grpc/grpc-js";
import type { Config } from "../../config.ts";
import { PUBLISH_METHOD, type PublishRequest } from "./codec.ts";
import type { Sending } from "./sending.ts";
import { findSession, waitForSession } from "./session.ts";
import { callUnary } from "./unary-call.ts";

/** The longest that a timer of Node can be set to. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** HTTP headers that say who calls. */
export type Authorization = Readonly<Record<string, string>>;

/** A client of Pub/Sub that publishes to one topic over one connection. */
export type PubSubClient = Awaited<ReturnType<typeof openPubSubClient>>;

/** The packages of Google's client, which take 50 ms to load: not before the first use. */
export const loadPackages = () => Promise.all([import("@google-cloud/pubsub"), import("google-gax")]);

/**
 * Opens the generated `v1.PublisherClient` of `@google-cloud/pubsub`, and takes nothing of it but its channel: the endpoint,
 * TLS, name resolution and reconnecting as Google maintains them. That is why the build empties its generated code
 * (`scripts/build/slim-client.ts`). Its calls would cost more than the whole rest of an event, see `session.ts`, and the
 * high-level client's queues keep state for each ordering key and fail a key's next event with the last one's error.
 *
 * @param topic full name, `projects/…/topics/…`
 */
export async function openPubSubClient(config: Config, topic: string) {
  const [{ v1 }, { grpc, GoogleAuth, googleAuthLibrary }] = await loadPackages();
  const emulator = config.PUBSUB_EMULATOR_HOST;
  const address = emulator ?? config.PUBSUB_ENDPOINT;
  const sockets = new Set<Socket>();
  const client = new v1.PublisherClient({
    projectId: config.GCP_PROJECT_ID,
    ...(address && { apiEndpoint: address.hostname, port: address.port }),
    sslCreds: collectSockets(emulator ? grpc.credentials.createInsecure() : grpc.credentials.createSsl(), sockets),
    // Tokens are ours, see `token.ts`. With an auth client of its own the library would look for a metadata server first.
    auth: new GoogleAuth({ authClient: new googleAuthLibrary.PassThroughClient() }),
    // A shell's proxy is not meant for an emulator, and grpc-js would take it even for 127.0.0.1.
    ...(emulator && { "grpc.enable_http_proxy": 0 }),
    // Connections of one address share a socket otherwise, and a new one would inherit the dead one's.
    "grpc.use_local_subchannel_pool": 1,
    // `delivery.ts` retries.
    "grpc.enable_retries": 0,
    // As often as that: by default the channel would try no more than once in two minutes after a long outage.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1000,
    // The channel does not see the calls on its session: after half an hour of nothing else it would close that.
    "grpc.client_idle_timeout_ms": MAX_TIMER_MS,
  });
  const stub = (await client.initialize()) as unknown as Client;

  const authority = address ? `${address.hostname}:${address.port}` : client.apiEndpoint;
  const headers = {
    ":method": "POST",
    ":scheme": emulator ? "http" : "https",
    ":authority": authority,
    ":path": PUBLISH_METHOD,
    te: "trailers",
    "content-type": "application/grpc",
    "user-agent": "pulsecart-producer",
    "x-goog-request-params": `topic=${encodeURIComponent(topic)}`,
  };
  // Node spares a copy of headers that are a list, 2 % of the CPU of an event, and takes one from this version on.
  const list = Number.parseInt(process.versions.node, 10) >= 24 ? Object.entries(headers).flat() : undefined;

  return {
    /** Connects, so that the first publish need not wait for it. */
    connect: () => void waitForSession(stub).catch(() => {}),
    isConnected: () => findSession(stub) !== undefined,
    /**
     * Calls the Publish method once, without a retry or a deadline. The request is encoded once there is a connection.
     *
     * @returns the `PublishResponse`
     * @throws {CallError}
     */
    async publish(request: Pick<PublishRequest, "bytes">, by: Authorization, sending: Sending): Promise<Buffer> {
      const session = findSession(stub) ?? (await waitForSession(stub));
      sending.check();
      sending.isSent = true;
      return callUnary(session, list?.concat(...Object.entries(by)) ?? { ...headers, ...by }, request.bytes, sending);
    },
    /** @returns whether the server answers a PING within this time (ms); true where nobody can ask it */
    async ping(ms: number): Promise<boolean> {
      const session = findSession(stub);
      return session === undefined || ping(session, ms);
    },
    /** Ends the connection and its calls at once, also one that is still being made. */
    close(): void {
      stub.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function ping(session: ClientHttp2Session, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    // Once more round the event loop: after a stall of our own the timer is due before the answer is read.
    const timer = setTimeout(() => setImmediate(resolve, false), ms);
    const end = (error: Error | null) => {
      clearTimeout(timer);
      resolve(error === null);
    };
    try {
      session.ping(end);
    } catch (error) {
      end(error as Error);
    }
  });
}

/**
 * Has all sockets of a channel at hand. grpc-js has no limit of time for making a connection, and lets go of one that is not
 * made yet without closing it: a server that accepts and stays silent would cost a file descriptor each time.
 */
function collectSockets(credentials: ChannelCredentials, sockets: Set<Socket>): ChannelCredentials {
  const create = credentials._createSecureConnector.bind(credentials);
  credentials._createSecureConnector = (...args) => {
    const connector = create(...args);
    const connect = connector.connect.bind(connector);
    connector.connect = (socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      return connect(socket);
    };
    return connector;
  };
  return credentials;
}
