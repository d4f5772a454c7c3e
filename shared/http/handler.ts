import type { IncomingMessage, ServerResponse } from "node:http";
import type { OnRefused } from "./client-error.ts";
import { connectionOf, type Exchange } from "./connection.ts";
import type { Drain } from "./drain.ts";
import { isExpecting } from "./expectation.ts";
import type { Lease } from "./lease.ts";
import { Problem, type ProblemCode } from "./problem.ts";
import { type Answer, respond } from "./respond.ts";
import type { Room } from "./room.ts";

/** A caller that goes on sending after its answer is cut off then. */
const LINGER_MS = 5000;

/** A caller that does not read its answer is cut off then. */
const UNREAD_MS = 10_000;

/** An HTTP function, as functions-framework and `node:http` take it. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

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
  return async (request, response) => {
    const refuse = (code: ProblemCode) => {
      const problem = new Problem(code);
      onRefused(problem, request);
      respond(response, problem, drain.isDraining || isExpecting(request));
    };
    if (drain.isDraining) return refuse("shutting_down");
    const lease = room.open() ?? room.open(isProbe(request));
    if (!lease) return refuse("overloaded");
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
    const close = drain.isDraining || lease.failure !== undefined || isCutOff(answer) || isExpecting(request);
    lease.holdAnswer(respond(response, answer, close));
    isAnswered = true;
    // A response that waits for its turn hears nothing of a connection that ends.
    isClosed ||= request.socket.destroyed;
    end();
    if (!request.complete) setTimeout(cutOff, LINGER_MS, request).unref();
    if (request.socket.writableLength > 0) cutOffUnread(response);
  };
}

function isCutOff(answer: Answer): boolean {
  return answer instanceof Problem && answer.code === "request_timeout";
}

/** Ends a connection whose request is still arriving; one that is complete by now may serve the next. */
function cutOff(request: IncomingMessage): void {
  if (!request.complete) request.socket.destroy();
}

function cutOffUnread(response: ServerResponse): void {
  const timer = setTimeout(() => response.socket?.destroy(), UNREAD_MS).unref();
  response.once("close", () => clearTimeout(timer));
}
