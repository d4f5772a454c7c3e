import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Problem } from "../../shared/http/problem.ts";
import { respond, toJsonAnswer } from "../../shared/http/respond.ts";
import type { LocalConsole } from "./console/local-console.ts";
import { forward } from "./forward.ts";
import type { LocalFunction } from "./local-function.ts";
import { MAX_PEEKED_BYTES, peekEventType } from "./route.ts";

/** Longer than a function takes to start. */
const WAIT_FOR_FUNCTION_MS = 25_000;

/** The one address of the local stack. */
export interface Front {
  readonly port: number;
  /** Ends it, with the connections that are open. */
  close(): Promise<void>;
}

/** What the front stands before. */
export interface Behind {
  /** Until then nothing is answered but that it is not healthy. */
  readonly ready: Promise<LocalConsole>;
  /** The functions by name. */
  readonly functions: ReadonlyMap<string, Pick<LocalFunction, "name" | "port">>;
  /** By event type: the name of its function. */
  eventTypes: ReadonlyMap<string, string>;
}

/** One request, and all that it takes to answer it. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** As in the request line. */
  readonly url: string;
  readonly behind: Behind;
  readonly local: LocalConsole;
  readonly agent: Agent;
}

/**
 * Listens for callers: passes events to the function that takes their type, all below `/<function>` to that function, and
 * serves the console. A request that comes before there is somebody to answer it waits.
 *
 * @param port on 127.0.0.1; 0 takes a free one
 * @param onFault gets what must not happen; the caller gets problem details without it
 * @throws Error with code EADDRINUSE when the port is taken
 */
export async function startFront(port: number, behind: Behind, onFault: (error: Error) => void): Promise<Front> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer((request, response) => {
    answer(request, response, behind, agent).catch((error) => {
      // The caller has gone.
      if (response.destroyed) return;
      if (!(error instanceof Problem)) onFault(error);
      const problem =
        error instanceof Problem ? error : new Problem("internal", "The local stack failed; see its output.");
      respond(response, problem, false);
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("A listening TCP server has a port.");
  return {
    port: address.port,
    async close() {
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, behind: Behind, agent: Agent): Promise<void> {
  const url = request.url ?? "/";
  const path = url.split("?", 1)[0] ?? "/";
  if (path === "/health") return answerHealth(response, behind);
  const local = await behind.ready;
  if (await local.answer(request, response, path)) return;
  const exchange = { request, response, url, behind, local, agent };
  if (path === "/events/ingest" || path === "/events/batch") return passByType(exchange);
  const [, name = "", rest = ""] = /^\/([^/?]+)(.*)$/.exec(url) ?? [];
  if (!behind.functions.has(name)) {
    throw new Problem("not_found", "There is nothing at this path of the local stack.");
  }
  return pass(exchange, name, rest.startsWith("/") ? rest : `/${rest}`);
}

/** Passes an event, or a batch, to the function of its type; one without a known type to any, to say what is wrong. */
async function passByType(exchange: Exchange): Promise<void> {
  const { request, url, behind } = exchange;
  const read = await readStart(request);
  const type = peekEventType(Buffer.concat(read), request.headers["content-encoding"]);
  const name = (type !== undefined && behind.eventTypes.get(type)) || [...behind.functions.keys()][0];
  await pass(exchange, name as string, url, read);
}

/** @param read what was taken from the request's body already */
async function pass(exchange: Exchange, name: string, path: string, read: readonly Buffer[] = []): Promise<void> {
  const { request, response, behind, local, agent } = exchange;
  const startedAt = performance.now();
  if (isEventPath(path)) {
    response.once("finish", () => {
      local.addAnswer({ function: name, status: response.statusCode, ms: performance.now() - startedAt });
    });
  }
  const port = await waitForPort(behind, name);
  await forward(request, response, { port, path, agent }, read).catch(() => {
    throw new Problem("shutting_down", `The function ${name} ended before it answered; see the output of npm start.`);
  });
}

/** Whether a function takes events there. */
function isEventPath(path: string): boolean {
  return /^\/(?:events\/(?:ingest|batch))?(?:\?|$)/.test(path);
}

async function waitForPort({ functions }: Behind, name: string): Promise<number> {
  for (const end = Date.now() + WAIT_FOR_FUNCTION_MS; Date.now() < end; await sleep(25)) {
    const port = functions.get(name)?.port;
    if (port !== undefined) return port;
  }
  throw new Problem("shutting_down", `The function ${name} is not running; see the output of npm start.`);
}

/** Takes a body as far as it can matter, which is all of what a function would accept. */
async function readStart(request: IncomingMessage): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_PEEKED_BYTES) break;
  }
  return chunks;
}

async function answerHealth(response: ServerResponse, { functions }: Behind): Promise<void> {
  const answers = await Promise.all(
    [...functions.values()].map(async ({ port }) => {
      if (port === undefined) return false;
      const health = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
      return health?.ok ?? false;
    }),
  );
  if (!answers.every(Boolean)) throw new Problem("shutting_down", "Not all functions are running.");
  respond(response, toJsonAnswer(200, { status: "ok" }), false);
}
