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
export type Handler = (request: IncomingMessage, response: ServerResponse, goOn?: () => void) => void;

/** What all requests of a process share. */
interface Admission {
  readonly drain: Drain;
  readonly room: Room;
  /** Answers a request; never rejects. */
  readonly take: (request: IncomingMessage, lease: Lease) => Promise<Answer>;
  /** Is told of a request that is not taken. */
  readonly onRefused: OnRefused;
  /** Whether a request only asks if the function serves: an instance that is full must not look dead. */
  readonly isProbe: (request: IncomingMessage) => boolean;
}

/**
 * Creates the request listener: it admits a request if memory allows, keeps a connection's requests in order, and frees both
 * once the answer has left.
 */
export function createHandler(admission: Admission): Handler {
  const { drain, room, onRefused, isProbe } = admission;
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
    const exchange = new AdmittedExchange(admission, request, response, lease);
    connectionOf(request.socket).enter(exchange);
  };
}

class AdmittedExchange implements Exchange {
  readonly request: IncomingMessage;
  readonly lease: Lease;
  readonly #admission: Admission;
  readonly #response: ServerResponse;
  #isAnswered = false;
  #isClosed = false;

  constructor(admission: Admission, request: IncomingMessage, response: ServerResponse, lease: Lease) {
    this.request = request;
    this.lease = lease;
    this.#admission = admission;
    this.#response = response;
    admission.drain.enter();
    response.on("close", () => {
      this.#isClosed = true;
      if (this.#isAnswered) this.#end();
    });
  }

  start(): void {
    // The answer before this one's turn has ended the connection.
    if (!this.request.socket.writable) this.#end();
    else this.#admission.take(this.request, this.lease).then((answer) => this.#answer(answer));
  }

  #answer(answer: Answer): void {
    const { request, lease } = this;
    const { drain } = this.#admission;
    const response = this.#response;
    const close = drain.isDraining || lease.failure !== undefined || isLast(answer) || lease.goOn !== undefined;
    lease.holdAnswer(respond(response, answer, close));
    discardRest(request, drain);
    this.#isAnswered = true;
    // A response that waits for its turn hears nothing of a connection that ends.
    if (this.#isClosed || request.socket.destroyed) this.#end();
    else if (request.socket.writableLength > 0) cutOffUnread(response);
  }

  #end(): void {
    this.#isAnswered = false;
    this.lease.release();
    connectionOf(this.request.socket).leave();
    this.#admission.drain.leave();
  }
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
