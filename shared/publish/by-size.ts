import { Deliverer, type Line } from "./deliver.ts";
import type { PublishRequest } from "./grpc/codec.ts";

/** Bytes of data up to which a request is small. */
const SMALL_BYTES = 128 * 1024;

/** An instance has room for four of the largest at once. */
const LARGE_CONNECTIONS = 4;

/**
 * Google's front ends allow 100 streams per connection. We queue the rest ourselves: a waiting callback costs the collector
 * less than a started call. Those for large requests share as many, or a batch's answers would hold the thread for long.
 */
const MAX_CALLS = 100;

/**
 * Keeps large requests, and those of large batches, off the connection of the small ones. Node sends the requests of one
 * connection one after the other (nghttp2 does since 1.65), so a small one would wait for all large ones before it. Large
 * ones have several connections: through the usual window of 64 KiB, one carries no more than that in a turn of the event
 * loop. A batch of a thousand users is a thousand requests, and would take all calls that one connection may have open.
 */
export class DelivererBySize {
  readonly #small: Deliverer;
  readonly #large: readonly { readonly deliverer: Deliverer; open: number }[];

  /** @param open makes a connection for so many calls at once, see {@link Deliverer} */
  constructor(open: (maxCalls: number) => Line, patienceMs: number) {
    this.#small = new Deliverer(() => open(MAX_CALLS), patienceMs);
    this.#large = Array.from({ length: LARGE_CONNECTIONS }, () => ({
      deliverer: new Deliverer(() => open(MAX_CALLS / LARGE_CONNECTIONS), patienceMs),
      open: 0,
    }));
  }

  /** Connects ahead of the first small request. */
  warmUp(): void {
    this.#small.warmUp();
  }

  /** Ends the connections, and fails what comes after that. */
  close(): void {
    this.#small.close();
    for (const { deliverer } of this.#large) deliverer.close();
  }

  /**
   * Delivers as {@link Deliverer.deliver}; a large request takes the connection that has the fewest.
   *
   * @param isBulk whether all of it belongs to large batches
   */
  deliver(request: PublishRequest, deadline: number, isBulk: boolean): Promise<readonly string[]> {
    if (!isBulk && request.dataBytes <= SMALL_BYTES) return this.#small.deliver(request, deadline);
    const line = this.#large.reduce((least, other) => (other.open < least.open ? other : least));
    line.open++;
    return line.deliverer.deliver(request, deadline).finally(() => line.open--);
  }
}
