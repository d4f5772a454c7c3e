import type { Connection } from "./connection.ts";

/** Bytes of data up to which a request is small. */
const SMALL_BYTES = 128 * 1024;

/** An instance has room for four of the largest at once. */
const LARGE_LINES = 4;

/**
 * Google's front ends allow 100 streams per connection. We queue the rest ourselves: a waiting callback costs the collector
 * less than a started call. Those for large requests share as many, or a batch's answers would hold the thread for long.
 */
const MAX_CALLS = 100;

/** Of this many calls one may be joined by a second attempt. */
const CALLS_PER_HEDGE = 10;

/** What a line and a delivery use of a connection. */
export type LineConnection = Pick<
  Connection,
  "publish" | "isAlive" | "isSilent" | "isClosed" | "retire" | "close" | "warmUp"
>;

/** A place for one connection that works: when it fails, the next call opens another. */
export class Line {
  /** Publish requests that are on their way to an outcome. */
  deliveries = 0;
  /** Whether what comes fails; nobody else sets it. */
  isClosed = false;
  readonly #open: () => LineConnection;
  #connection: LineConnection | undefined;
  #callsSinceHedge = 0;

  /** @param open makes a connection, which connects at its first use */
  constructor(open: () => LineConnection) {
    this.#open = open;
  }

  /** Ends the connection, and fails what comes after that. */
  close(): void {
    this.isClosed = true;
    this.#connection?.close();
  }

  get connection(): LineConnection {
    this.#connection ??= this.#open();
    return this.#connection;
  }

  /** @returns the connection for one more call */
  call(): LineConnection {
    this.#callsSinceHedge++;
    return this.connection;
  }

  /** Whether a call may be joined by a second attempt; then the next ones wait for theirs. */
  takeHedge(): boolean {
    if (this.#callsSinceHedge < CALLS_PER_HEDGE) return false;
    // The second attempt is itself a call, and earns nothing.
    this.#callsSinceHedge = -1;
    return true;
  }

  /** Has new calls use another connection; this one ends with those that it has. */
  replace(connection: LineConnection): void {
    if (this.#connection === connection) this.#connection = undefined;
    connection.retire();
  }
}

/**
 * Keeps large requests, and those of large batches, off the connection of the small ones. Node sends the requests of one
 * connection one after the other (nghttp2 does since 1.65), so a small one would wait for all large ones before it. Large
 * ones have several connections: through the usual window of 64 KiB, one carries no more than that in a turn of the event
 * loop. A batch of a thousand users is a thousand requests, and would take all calls that one connection may have open.
 */
export class Lines {
  readonly #small: Line;
  readonly #large: readonly Line[];

  /** @param open makes a connection for this many calls at once; the others wait */
  constructor(open: (maxCalls: number) => LineConnection) {
    this.#small = new Line(() => open(MAX_CALLS));
    this.#large = Array.from({ length: LARGE_LINES }, () => new Line(() => open(MAX_CALLS / LARGE_LINES)));
  }

  /** Connects ahead of the first small request. */
  warmUp(): void {
    void this.#small.connection.warmUp();
  }

  /** Ends the connections, and fails what comes after that. */
  close(): void {
    for (const line of [this.#small, ...this.#large]) line.close();
  }

  /**
   * @param bytes of the request's data
   * @param isBulk whether all of it belongs to large batches
   * @returns the line that takes the request: of those for large ones that with the fewest deliveries
   */
  choose(bytes: number, isBulk: boolean): Line {
    if (!isBulk && bytes <= SMALL_BYTES) return this.#small;
    return this.#large.reduce((least, other) => (other.deliveries < least.deliveries ? other : least));
  }
}
