import type { Socket } from "node:net";
import type { Lease } from "./room.ts";

/** One request that is under way. */
export interface Exchange {
  readonly lease: Lease;
  /** Whether all of the request has arrived. */
  isComplete(): boolean;
}

/**
 * One client's connection. Its requests are taken one after the other: answers leave in this order anyway, and pipelined
 * ones would all be in memory at once behind the first that the client does not read.
 */
export class Connection {
  readonly #underWay: Exchange[] = [];
  readonly #turns = new Map<Exchange, () => void>();
  #onIdle: (() => void) | undefined;

  /** @returns when it is this request's turn, or undefined where it is at once */
  enter(exchange: Exchange): Promise<void> | undefined {
    this.#underWay.push(exchange);
    if (this.#underWay.length === 1) return undefined;
    return new Promise((resolve) => this.#turns.set(exchange, resolve));
  }

  /** The request has its answer, which has left. */
  leave(exchange: Exchange): void {
    this.#underWay.splice(this.#underWay.indexOf(exchange), 1);
    this.#turns.delete(exchange);
    const next = this.#underWay[0];
    if (next) {
      this.#turns.get(next)?.();
      this.#turns.delete(next);
    } else this.#onIdle?.();
  }

  /** The request whose body is still arriving. */
  get arriving(): Exchange | undefined {
    const last = this.#underWay.at(-1);
    return last?.isComplete() ? undefined : last;
  }

  /** Calls once, when every request has its answer; at once where none is under way. */
  whenIdle(onIdle: () => void): void {
    if (this.#underWay.length === 0) onIdle();
    else this.#onIdle = onIdle;
  }
}

const connections = new WeakMap<object, Connection>();

export function connectionOf(socket: Socket): Connection {
  let connection = connections.get(socket);
  if (!connection) {
    connection = new Connection();
    connections.set(socket, connection);
  }
  return connection;
}
