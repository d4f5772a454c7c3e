import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { gunzipSync } from "node:zlib";
import { listenOnLoopback } from "../common/free-port.ts";

/** One request that a {@link FakeProducer} has had. */
export interface ReceivedRequest {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  /** As sent, inflated. */
  readonly text: string;
  readonly isBatch: boolean;
  readonly events: readonly Readonly<Record<string, unknown>>[];
}

/** What is answered: a status and a body, with headers; or whatever a function does to the response. */
export type Reply =
  | { status: number; body?: unknown; headers?: Record<string, string> }
  | ((response: ServerResponse) => void);

export interface FakeProducer {
  readonly url: string;
  readonly requests: readonly ReceivedRequest[];
  /** The most requests at once that held events of one user. */
  readonly mostOfOneUser: number;
  /** The most requests at once. */
  readonly mostAtOnce: number;
  close(): Promise<void>;
}

/** What the producer says of events that it takes. */
export function accept({ isBatch, events }: ReceivedRequest): Reply {
  const results = events.map(({ event_id }) => ({ status: 202, event_id, message_id: `m-${event_id}` }));
  return { status: 202, body: isBatch ? { results } : { ...results[0], status: "accepted" } };
}

/**
 * Starts a server that answers in the producer's place, as the test says.
 *
 * @param reply asked for each request, with how many came before it; nothing said means {@link accept}
 */
export async function startFakeProducer(
  reply: (request: ReceivedRequest, before: number) => Reply | undefined | Promise<Reply | undefined> = () => undefined,
): Promise<FakeProducer> {
  const requests: ReceivedRequest[] = [];
  const open = new Set<ReceivedRequest>();
  let [mostOfOneUser, mostAtOnce] = [0, 0];
  const server = createServer(async (incoming, response) => {
    const request = await read(incoming);
    if (request === undefined) return;
    const before = requests.length;
    requests.push(request);
    open.add(request);
    response.once("close", () => open.delete(request));
    mostAtOnce = Math.max(mostAtOnce, open.size);
    mostOfOneUser = Math.max(mostOfOneUser, ...request.events.map(({ user_id }) => countOf(open, user_id)));
    const answer = (await reply(request, before)) ?? accept(request);
    // Before the answer: the client may send the user's next event before the response is closed here.
    open.delete(request);
    if (typeof answer === "function") answer(response);
    else {
      response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
      response.end(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body ?? {}));
    }
  });
  const port = await listenOnLoopback(server);
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    get mostOfOneUser() {
      return mostOfOneUser;
    },
    get mostAtOnce() {
      return mostAtOnce;
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function countOf(open: ReadonlySet<ReceivedRequest>, user: unknown): number {
  return [...open].filter(({ events }) => events.some(({ user_id }) => user_id === user)).length;
}

/** @returns undefined when the caller has gone */
async function read(incoming: IncomingMessage): Promise<ReceivedRequest | undefined> {
  try {
    const body = Buffer.concat(await incoming.toArray());
    const text = (incoming.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString();
    const path = incoming.url ?? "";
    const isBatch = path.endsWith("/batch");
    const parsed = JSON.parse(text);
    return { path, headers: incoming.headers, text, isBatch, events: isBatch ? parsed : [parsed] };
  } catch {
    return undefined;
  }
}
