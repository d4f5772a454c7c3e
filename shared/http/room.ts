import { Lease, type Pools, REQUEST_BYTES, type Waiter } from "./lease.ts";
import type { Problem } from "./problem.ts";

const MIB = 1024 * 1024;

/** One that waits may hold what came before it was seen to be large: this many of those, no more. */
const MAX_WAITING = 128;

/**
 * Bytes of bodies that an instance of 512 MiB holds. Each is there up to three times (body, message, encoded request), and
 * the garbage collector is late with what has been let go.
 */
export const INSTANCE_ROOM: RoomSizes = { small: 16 * MIB, large: 40 * MIB };

interface RoomSizes {
  /** Of all small bodies, and of answers that are not yet read. */
  readonly small: number;
  /** Of all large bodies. The largest reservation must fit. */
  readonly large: number;
}

/**
 * The memory that requests share, in two pools: small requests pass while large ones wait. A large body asks once, for all
 * that it can ever need, so that no two wait for each other; they are served in the order in which they came.
 */
export class Room implements Pools {
  #small: number;
  #large: number;
  readonly #waiters: Waiter[] = [];
  readonly #leases = new Set<Lease>();

  constructor(sizes: RoomSizes = INSTANCE_ROOM) {
    this.#small = sizes.small;
    this.#large = sizes.large;
  }

  /** Bytes that are free in each pool; less than none where answers wait to be read. */
  get free(): RoomSizes {
    return { small: this.#small, large: this.#large };
  }

  /** Whether a large body waits. */
  get isCrowded(): boolean {
    return this.#waiters.length > 0;
  }

  /**
   * @param isForced whether the request is taken where there is no room
   * @returns a request's lease, which must be released; undefined where there is no room for another request
   */
  open(isForced = false): Lease | undefined {
    if (this.#small < REQUEST_BYTES && !isForced) return undefined;
    const lease = new Lease(this);
    lease.settle(0);
    this.#leases.add(lease);
    return lease;
  }

  /** Fails every body that is still arriving, or waiting. */
  giveUp(problem: Problem): void {
    for (const lease of this.#leases) lease.fail(problem);
  }

  takeSmall(bytes: number, isForced: boolean): boolean {
    if (bytes > this.#small && bytes > 0 && !isForced) return false;
    this.#small -= bytes;
    return true;
  }

  takeLarge(waiter: Waiter): boolean {
    if (this.#waiters.length === MAX_WAITING) return false;
    this.#waiters.push(waiter);
    this.#admit();
    return true;
  }

  giveLarge(bytes: number): void {
    this.#large += bytes;
    this.#admit();
  }

  leave(lease: Lease): void {
    const index = this.#waiters.findIndex((waiter) => waiter.lease === lease);
    if (index === -1) return;
    this.#waiters.splice(index, 1);
    this.#admit();
  }

  forget(lease: Lease): void {
    this.#leases.delete(lease);
  }

  #admit(): void {
    for (let first = this.#waiters[0]; first && first.bytes <= this.#large; first = this.#waiters[0]) {
      this.#waiters.shift();
      this.#large -= first.bytes;
      first.admit();
    }
  }
}
