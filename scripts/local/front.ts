import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { answerClientErrors } from "../../shared/http/client-error.ts";
import { discardRest } from "../../shared/http/exchange.ts";
import { lingerAtEnd } from "../../shared/http/linger.ts";
import { Problem } from "../../shared/http/problem.ts";
import { type Answer, respond, toJsonAnswer } from "../../shared/http/respond.ts";
import { Exchange, type Summary } from "./console/exchange.ts";
import type { LocalConsole } from "./console/local-console.ts";
import { checkHead, judge } from "./for-nobody.ts";
import { type Caller, forward, goOn, MAX_READ_BYTES } from "./forward.ts";
import type { LocalFunction } from "./local-function.ts";
import { readTarget } from "./local-hosts.ts";
import { findFunctions } from "./route.ts";

/** Longer than a function takes to start. */
const WAIT_FOR_FUNCTION_MS = 25_000;

const KEEP_ALIVE_MS = 60_000;

/** Where events go to the function of their type. */
const pathsByType = new Set(["/events/ingest", "/events/batch", "/events/validate"]);

/** Where the console's editor asks the functions what is wrong with what is being written. */
const CHECK_PATH = "/console/check";

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

/** What a function says of itself. */
interface Health {
  readonly name: string;
  readonly version: string;
  readonly commit?: string;
  readonly contract: string;
}

/** What the front tells of itself. */
export interface FrontListener {
  /** A request was answered that was not the console's own. */
  answered(summary: Summary): void;
  /** What must not happen; the caller gets problem details without it. */
  failed(error: Error): void;
}

/** One request, and all that it takes to answer it. */
interface Passage {
  readonly caller: Caller;
  /** Path and query. */
  readonly url: string;
  readonly behind: Behind;
  /** Undefined for what is not recorded: the console's own questions. */
  readonly exchange: Exchange | undefined;
  readonly agent: Agent;
}

/**
 * Listens for callers: passes events to the function that takes their type, all below `/<function>` to that function, and
 * serves the console. A request that comes before there is somebody to answer it waits.
 *
 * @param port on 127.0.0.1; 0 takes a free one
 * @throws Error with code EADDRINUSE when the port is taken
 */
export async function startFront(port: number, behind: Behind, listener: FrontListener): Promise<Front> {
  const agent = new Agent({ keepAlive: true });
  const take = (caller: Caller) => {
    // A caller whose body is not read out would hear a broken pipe in place of its answer.
    caller.response.once("finish", () => discardRest(caller.request.unpipe()));
    const answerError = (error: unknown) => {
      // The caller has gone.
      if (caller.response.destroyed) return;
      if (!(error instanceof Problem)) listener.failed(error as Error);
      const problem =
        error instanceof Problem ? error : new Problem("internal", "The local stack failed; see its output.");
      answerItself(caller, problem);
    };
    answer(caller, behind, agent, listener, answerError).catch(answerError);
  };
  const server = createServer({ requireHostHeader: false }, (request, response) => take({ request, response }));
  // As the functions do: Node's own 400 and 417 have no body, and its `100 Continue` comes before anything is known.
  server.on("checkExpectation", (request, response) => take({ request, response }));
  server.on("checkContinue", (request, response) => take({ request, response, goOn: () => response.writeContinue() }));
  answerClientErrors(server);
  lingerAtEnd(server);
  // Node's 5 s are over while a busy machine still has a caller's next request on its way.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
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

/** Who was not told to send a body may send none: the connection can carry no other request then. */
function answerItself({ response, goOn: isWaiting, status }: Caller, own: Answer): void {
  const body = own instanceof Problem ? JSON.stringify(own.toProblemDetails()) : own.body;
  respond(response, status === undefined ? own : { status, body }, isWaiting !== undefined);
}

async function answer(
  caller: Caller,
  behind: Behind,
  agent: Agent,
  listener: FrontListener,
  answerError: (error: unknown) => void,
): Promise<void> {
  const { request, response } = caller;
  const { url, isLocal } = readTarget(request.url, request.headers.host);
  if (!isLocal) return refuseForeignHost(response);
  const path = url.split("?", 1)[0] ?? "/";
  if (path === "/health" && ["GET", "HEAD"].includes(request.method ?? "")) return answerHealth(response, behind);
  const local = await behind.ready;
  if (path === CHECK_PATH) {
    // A browser notes each answer that is no success as an error: what is asked while somebody writes has to be quiet.
    caller.status = 200;
    return pass({ caller, url: "/events/validate", behind, exchange: undefined, agent });
  }
  if (await local.answer(request, response, path)) return;
  const exchange = new Exchange(local.recorder, request, response, url);
  response.once("close", () => listener.answered(exchange.end(response)));
  // Within: what is thrown is answered before the exchange ends, and so recorded.
  await pass({ caller, url, behind, exchange, agent }).catch(answerError);
}

async function pass(passage: Passage): Promise<void> {
  const { url, behind } = passage;
  if (pathsByType.has(url.split("?", 1)[0] ?? "")) return passByType(passage);
  const [, name = "", rest = ""] = /^\/([^/?]+)(.*)$/.exec(url) ?? [];
  if (!behind.functions.has(name)) {
    // A function says which path was meant, perhaps.
    checkHead(passage.caller.request, url);
    throw new Problem("not_found");
  }
  return passTo(passage, name, rest.startsWith("/") ? rest : `/${rest}`);
}

/** Passes an event, or a batch, to the function of its type; what is for none of them is answered here. */
async function passByType(passage: Passage): Promise<void> {
  const { caller, url, behind, exchange } = passage;
  const { request } = caller;
  exchange?.passTo("", url);
  checkHead(request, url);
  goOn(caller);
  const read = await readStart(request);
  for (const chunk of read) exchange?.take(chunk);
  const found = findFunctions(Buffer.concat(read), request.headers["content-encoding"], behind.eventTypes);
  const [name] = found.keys();
  if (name === undefined) return answerItself(caller, await judge(request, url, read));
  if (found.size > 1 && !url.startsWith("/events/ingest")) throw refuseMixed(found);
  await passTo(passage, name, url, read);
}

/** In production each function has an address of its own: none takes such a batch. */
function refuseMixed(found: ReadonlyMap<string, string>): Problem {
  const each = [...found].map(([name, type]) => `${type} to /${name}/events/batch`).join(", ");
  const detail = `A batch goes to one function, and this one has events of ${found.size}. Send each its own: ${each}.`;
  return new Problem("wrong_function", detail);
}

/** @param read what was taken from the request's body already */
async function passTo(passage: Passage, name: string, path: string, read: readonly Buffer[] = []): Promise<void> {
  const { caller, behind, exchange, agent } = passage;
  exchange?.passTo(name, path);
  const port = await waitForPort(behind, name);
  await forward(caller, { port, path, agent }, exchange, read).catch(() => {
    throw new Problem("shutting_down", `The function ${name} ended before it answered; see the output of npm start.`);
  });
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
    if (length > MAX_READ_BYTES) break;
  }
  return chunks;
}

/** What the functions say of themselves, as one: each has a contract of its own. */
async function answerHealth(response: ServerResponse, { functions }: Behind): Promise<void> {
  const healths = await Promise.all([...functions.values()].map(readHealth));
  if (!healths.every((health) => health !== undefined)) {
    throw new Problem("shutting_down", "Not all functions are running.");
  }
  const { version, commit } = healths[0] as Health;
  const contract = Object.fromEntries(healths.map((each) => [each.name, each.contract]));
  respond(response, toJsonAnswer(200, { status: "ok", version, commit, contract }), false);
}

async function readHealth({ name, port }: Pick<LocalFunction, "name" | "port">): Promise<Health | undefined> {
  if (port === undefined) return undefined;
  const response = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
  return response?.ok ? { name, ...((await response.json()) as Omit<Health, "name">) } : undefined;
}

function refuseForeignHost(response: ServerResponse): void {
  const body = JSON.stringify({
    type: "urn:pulsecart:problem:foreign_host",
    title: "Not a name of this machine",
    status: 403,
    code: "foreign_host",
    detail: "The local stack answers to localhost and 127.0.0.1 only.",
  });
  response.writeHead(403, { "Content-Type": "application/problem+json", "Cache-Control": "no-store" }).end(body);
}
