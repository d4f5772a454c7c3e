import type { IncomingMessage, ServerResponse } from "node:http";
import type { OnRefused } from "./client-error.ts";
import type { Drain } from "./drain.ts";
import { discardRest, Exchange, type Take } from "./exchange.ts";
import { Problem, type ProblemCode } from "./problem.ts";
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
    const refuse = (code: ProblemCode) => {
      const problem = new Problem(code);
      onRefused(problem, request);
      respond(response, problem, drain.isDraining || goOn !== undefined);
      discardRest(request, drain);
    };
    if (drain.isDraining) return refuse("shutting_down");
    const lease = room.open() ?? room.open(isProbe(request));
    if (!lease) return refuse("overloaded");
    lease.goOn = goOn;
    new Exchange(request, response, lease, drain).enter(take);
  };
}
