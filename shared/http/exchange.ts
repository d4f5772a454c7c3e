import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Drain } from "./drain.ts";
import { linger } from "./linger.ts";
import { Problem } from "./problem.ts";
import { timeLimits } from "./progress.ts";
import { type Answer, respond } from "./respond.ts";
import type { Lease } from "./room.ts";

/** Answers a request; never rejects. */
export type Take = (request: IncomingMessage, lease: Lease) => Promise<Answer>;

/** The latest request under way on a connection, which holds it as a property: a WeakMap would cost more at each request. */
const LATEST = Symbol("latest exchange");

type ExchangeSocket = Socket & { [LATEST]?: Exchange | undefined };

/**
 * One request from its head until its answer has left. Those of one connection are taken one after the other: answers leave
 * in this order anyway, and pipelined ones would all be in memory at once behind the first that the client does not read.
 */
export class Exchange {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #lease: Lease;
  readonly #drain: Drain;
  /** Whatever comes next on the connection. */
  #next: (() => void) | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, lease: Lease, drain: Drain) {
    this.#request = request;
    this.#response = response;
    this.#lease = lease;
    this.#drain = drain;
  }

  /** Has the request taken, once those before it have their answers. */
  enter(take: Take): void {
    const socket: ExchangeSocket = this.#request.socket;
    this.#drain.enter();
    this.#response.on("close", () => {
      if (this.#response.writableEnded) this.#end();
      else this.#lease.fail(new Problem("malformed_request", "The body ended before it was complete."));
    });
    const before = socket[LATEST];
    socket[LATEST] = this;
    if (before) before.#next = () => this.#start(take);
    else this.#start(take);
  }

  /** Fails a body that is still arriving on a connection, and calls once all requests before have their answers. */
  static endOn(socket: Socket, problem: Problem, onIdle: () => void): void {
    const latest = (socket as ExchangeSocket)[LATEST];
    if (latest) {
      latest.#next = onIdle;
      if (!latest.#request.complete) latest.#lease.fail(problem);
    } else onIdle();
  }

  #start(take: Take): void {
    // The answer before this one's turn has ended the connection.
    if (!this.#request.socket.writable) this.#end();
    else take(this.#request, this.#lease).then((answer) => this.#answer(answer));
  }

  #answer(answer: Answer): void {
    const response = this.#response;
    const lease = this.#lease;
    const { socket } = this.#request;
    if (response.destroyed || socket.destroyed) {
      this.#end();
      return;
    }
    // Behind these, nobody knows where the connection's next request begins.
    const isLast = answer instanceof Problem && ["request_timeout", "malformed_request"].includes(answer.code);
    const close = this.#drain.isDraining || lease.failure !== undefined || isLast || lease.goOn !== undefined;
    lease.holdAnswer(respond(response, answer, close));
    discardRest(this.#request, this.#drain);
    if (socket.writableLength === 0) return;
    const timer = setTimeout(() => socket.destroy(), timeLimits.unreadMs).unref();
    response.once("close", () => clearTimeout(timer));
  }

  #end(): void {
    const socket: ExchangeSocket = this.#request.socket;
    this.#lease.release();
    this.#drain.leave();
    if (socket[LATEST] === this) socket[LATEST] = undefined;
    // Not within this call: of a connection that has ended, thousands may follow.
    if (this.#next) queueMicrotask(this.#next);
  }
}

/** Reads what is still to come of a request that has its answer; one that is complete then may be followed by the next. */
export function discardRest(request: IncomingMessage, drain?: Drain): void {
  if (request.complete || request.socket.destroyed) return;
  drain?.waitFor(request);
  request.once("close", linger(request.socket)).resume();
}
