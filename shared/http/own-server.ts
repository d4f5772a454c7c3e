import { subscribe } from "node:diagnostics_channel";
import { type IncomingMessage, Server, type ServerResponse } from "node:http";
import { answerClientErrors, type OnRefused } from "./client-error.ts";
import type { Drain } from "./drain.ts";
import { discardRest, Exchange, type Take } from "./exchange.ts";
import { lingerAtEnd } from "./linger.ts";
import { Problem } from "./problem.ts";
import { timeLimits } from "./progress.ts";
import { respond } from "./respond.ts";
import type { Room } from "./room.ts";

/**
 * An HTTP function, as functions-framework and `node:http` take it.
 *
 * @param goOn tells a client that waits for it (`Expect: 100-continue`) to send its body
 */
export type Handler = (request: IncomingMessage, response: ServerResponse, goOn?: () => void) => void;

/**
 * Creates the request listener: it admits a request if memory allows, keeps a connection's requests in order, and frees both
 * once the answer has left.
 *
 * @param onRefused is told of a request that is not taken
 * @param isProbe whether a request only asks if the function serves: an instance that is full must not look dead
 */
export function createHandler(
  drain: Drain,
  room: Room,
  take: Take,
  onRefused: OnRefused,
  isProbe: (request: IncomingMessage) => boolean,
): Handler {
  return (request, response, goOn) => {
    // It came behind an answer that ended the connection: nobody would hear what became of it.
    if (!request.socket.writable) return void request.resume();
    const lease = drain.isDraining ? undefined : (room.open() ?? room.open(isProbe(request)));
    if (lease) {
      lease.goOn = goOn;
      new Exchange(request, response, lease, drain).enter(take);
      return;
    }
    const problem = new Problem(drain.isDraining ? "shutting_down" : "overloaded");
    onRefused(problem, request);
    respond(response, problem, drain.isDraining || goOn !== undefined);
    discardRest(request, drain);
  };
}

/** Published by Node when a server begins to listen, before any connection is taken. */
const LISTEN = "tracing:net.server.listen:asyncStart";

/** Node looks this often for headers that are late; 30 s by default, which comes on top of their time. */
const CHECK_MS = 1000;

/** Longer than Google's front ends keep an idle connection (600 s), so that none is closed under a request on its way. */
const KEEP_ALIVE_MS = 620_000;

/**
 * Has functions-framework's HTTP server hand its requests straight to our handler.
 *
 * The framework keeps what it is for: finding and starting the function, its port, its process. But what it puts before a
 * function does not fit this one: its parsers inflate a body to up to 1,024 MiB and answer bad JSON with an HTML page
 * (https://github.com/GoogleCloudPlatform/functions-framework-nodejs/issues/686), its default routes answer without a
 * body, and its `node:domain` for each request more than doubles the CPU of an event. None of its files is touched: when
 * its server begins to listen, the listener of that server's requests is exchanged. Were that event ever to stop, the
 * function would still serve, as any other function does, behind the framework's own chain.
 *
 * @param handler takes every request
 * @param onRefused is told of what never becomes one
 * @param drain waits for what is refused without becoming one
 * @param onListening gets the server once the framework has registered its own handlers
 */
export function ownServer(
  handler: Handler,
  onRefused: OnRefused,
  drain: Drain,
  onListening: (server: Server) => void,
): void {
  subscribe(LISTEN, (message) => {
    const { server } = message as { readonly server: unknown };
    if (!(server instanceof Server)) return;
    server.removeAllListeners("request").on("request", handler);
    // An unknown `Expect` or no `Host` is ours to answer: Node's own 417 and 400 have no body.
    server.on("checkExpectation", handler);
    // A body is asked for once there is room for it; Node's own `100 Continue` comes before anything is known.
    server.on("checkContinue", (request, response) => handler(request, response, () => response.writeContinue()));
    // Options of the server's making; a client that half-closes after its request (`nc -N`) still wants its answer.
    Object.assign(server, { requireHostHeader: false, httpAllowHalfOpen: true, connectionsCheckingInterval: CHECK_MS });
    answerClientErrors(server, onRefused, drain);
    lingerAtEnd(server);
    server.headersTimeout = timeLimits.headersMs;
    // Node's limit for a whole request would cut off a caller that may still read its answer; ours is in `progress.ts`.
    server.requestTimeout = 0;
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    // The framework registers its signal handlers in a listener of the same event, which may come after this one.
    server.once("listening", () => setImmediate(onListening, server));
  });
}

/** @returns whether this process was started as `functions-framework`, rather than imports the function as a module */
export function isFrameworkProcess(): boolean {
  return /functions-framework/.test(process.argv[1] ?? "");
}
