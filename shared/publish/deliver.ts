import type { Connection } from "./connection.ts";
import { Delivery } from "./delivery.ts";
import type { PublishRequest } from "./grpc/codec.ts";

/** Of this many calls one may be joined by a second attempt. */
const CALLS_PER_HEDGE = 10;

/** What a {@link Deliverer} knows of a connection. */
export type Line = Pick<Connection, "publish" | "isAlive" | "isSilent" | "isClosed" | "retire" | "close" | "warmUp">;

/** Delivers publish requests, each within its budget, over the one connection that works. */
export class Deliverer {
  /** Milliseconds to wait for an answer before the connection is asked whether it is alive. */
  readonly patienceMs: number;
  readonly #open: () => Line;
  #line: Line | undefined;
  #callsSinceHedge = 0;
  #isClosed = false;

  /**
   * @param open makes a connection, which connects at its first use
   * @param patienceMs see {@link patienceMs}
   */
  constructor(open: () => Line, patienceMs: number) {
    this.#open = open;
    this.patienceMs = patienceMs;
  }

  /** Connects ahead of the first delivery. */
  warmUp(): void {
    void this.#current().warmUp();
  }

  /** Ends the connection, and fails what comes after that. */
  close(): void {
    this.#isClosed = true;
    this.#line?.close();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Delivers messages of one ordering key in one publish request, retrying what can be retried; see {@link Delivery}.
   *
   * @param deadline milliseconds of `performance.now()`; no attempt outlives it
   * @returns the message ids, in the messages' order
   * @throws {PublishFailure} publish_rejected or misconfigured at once; publish_unavailable or publish_timeout when the
   *   budget is spent
   */
  deliver(request: PublishRequest, deadline: number): Promise<readonly string[]> {
    return new Promise((resolve, reject) => new Delivery(this, request, deadline, resolve, reject).attempt());
  }

  /** @returns the connection for one more call */
  call(): Line {
    this.#callsSinceHedge++;
    return this.#current();
  }

  get mayHedge(): boolean {
    return this.#callsSinceHedge >= CALLS_PER_HEDGE;
  }

  /** A call has been joined by a second attempt: the next ones wait for theirs. */
  noteHedge(): void {
    this.#callsSinceHedge = 0;
  }

  /** Has new attempts use another connection; this one ends with those that it has. */
  replace(line: Line): void {
    if (this.#line === line) this.#line = undefined;
    line.retire();
  }

  #current(): Line {
    this.#line ??= this.#open();
    return this.#line;
  }
}
