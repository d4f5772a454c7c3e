import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Lease } from "./room.ts";

/** One request, from its head until its answer has left. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly lease: Lease;
  /** It is this request's turn. */
  start(): void;
}

/**
 * One client's connection. Its requests are taken one after the other: answers leave in this order anyway, and pipelined
 * ones would all be in memory at once behind the first that the client does not read.
 */
class ClientConnection {
  /** The first has its turn. */
  readonly #underWay: Exchange[] = [];
  #onIdle: (() => void) | undefined;

  enter(exchange: Exchange): void {
    if (this.#underWay.push(exchange) === 1) exchange.start();
  }

  /** The request whose turn it was has its answer, which has left. */
  leave(): void {
    this.#underWay.shift();
    const next = this.#underWay[0];
    // Not within this call: of a connection that has ended, thousands may follow.
    if (next) queueMicrotask(() => next.start());
    else this.#onIdle?.();
  }

  /** The request whose body is still arriving. */
  get arriving(): Exchange | undefined {
    const last = this.#underWay.at(-1);
    return last?.request.complete ? undefined : last;
  }

  /** Calls once, when every request has its answer; at once where none is under way. */
  whenIdle(onIdle: () => void): void {
    if (this.#underWay.length === 0) onIdle();
    else this.#onIdle = onIdle;
  }
}

const connections = new WeakMap<object, ClientConnection>();

export function connectionOf(socket: Socket): ClientConnection {
  let connection = connections.get(socket);
  if (!connection) {
    connection = new ClientConnection();
    connections.set(socket, connection);
  }
  return connection;
}
