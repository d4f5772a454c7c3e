import type { IncomingMessage, ServerResponse } from "node:http";
import type { OnRefused } from "./client-error.ts";
import { connectionOf, type Exchange } from "./connection.ts";
import type { Drain } from "./drain.ts";
import { linger } from "./linger.ts";
import { Problem, type ProblemCode } from "./problem.ts";
import { type Answer, respond } from "./respond.ts";
import type { Lease, Room } from "./room.ts";
import { timeLimits } from "./time-limits.ts";

/**
 * An HTTP function, as functions-framework and `node:http` take it.
 *
 * @param goOn tells a client that waits for it (`Expect: 100-continue`) to send its body
 */
export type Handler = (request: IncomingMessage, response: ServerResponse, goOn?: () => void) => Promise<void>;

/**
 * Makes what takes every request: within the instance's room, in its connection's order, until its answer has left.
 *
 * @param take answers a request; never rejects
 * @param onRefused is told of a request that is not taken
 * @param isProbe whether a request only asks if the function serves: an instance that is full must not look dead
 */
export function createHandler(
  drain: Drain,
  room: Room,
  take: (request: IncomingMessage, lease: Lease) => Promise<Answer>,
  onRefused: OnRefused,
  isProbe: (request: IncomingMessage) => boolean,
): Handler {
  return async (request, response, goOn) => {
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
    const exchange: Exchange = { lease, isComplete: () => request.complete };
    const connection = connectionOf(request.socket);
    let isAnswered = false;
    let isClosed = false;
    let isOver = false;
    const end = () => {
      if (!isAnswered || !isClosed || isOver) return;
      isOver = true;
      lease.release();
      connection.leave(exchange);
      drain.leave();
    };
    response.once("close", () => {
      isClosed = true;
      end();
    });
    drain.enter();
    const turn = connection.enter(exchange);
    if (turn) {
      await turn;
      // The answer before this one's turn ended the connection: nobody would hear what became of this request.
      if (!request.socket.writable) {
        isAnswered = isClosed = true;
        end();
        return;
      }
    }
    const answer = await take(request, lease);
    const close = drain.isDraining || lease.failure !== undefined || isLast(answer) || lease.goOn !== undefined;
    lease.holdAnswer(respond(response, answer, close));
    isAnswered = true;
    // A response that waits for its turn hears nothing of a connection that ends.
    isClosed ||= request.socket.destroyed;
    end();
    discardRest(request, drain);
    if (request.socket.writableLength > 0) cutOffUnread(response);
  };
}

/** Whether a connection must end with an answer, as nobody knows where its next request begins. */
function isLast(answer: Answer): boolean {
  return answer instanceof Problem && (answer.code === "request_timeout" || answer.code === "malformed_request");
}

/** Reads what is still to come of a request that has its answer; one that is complete then may be followed by the next. */
function discardRest(request: IncomingMessage, drain: Drain): void {
  if (request.complete || request.socket.destroyed) return;
  drain.waitFor(request);
  request.once("close", linger(request.socket)).resume();
}

function cutOffUnread(response: ServerResponse): void {
  const timer = setTimeout(() => response.socket?.destroy(), timeLimits.unreadMs).unref();
  response.once("close", () => clearTimeout(timer));
}
