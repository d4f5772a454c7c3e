import { Problem } from "./problem.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Up to here a body is small: it is counted as it comes and never waits for a large one. */
export const SMALL_BODY_BYTES = 128 * KIB;

/** A request itself: its headers, and the objects around it. */
const REQUEST_BYTES = 4 * KIB;

/** How long a large body waits for room; what it then has of the platform's 30 s is for the body and for Pub/Sub. */
const WAIT_MS = 4000;

/** At most this many large bodies wait; each may already hold 128 KiB. */
const MAX_WAITING = 128;

/** Bytes in the two pools. */
interface RoomSizes {
  /** Of all small bodies, and of answers that are not yet read. */
  small: number;
  /** Of all large bodies. The largest reservation must fit. */
  large: number;
}

/**
 * Bytes of bodies that an instance of 512 MiB holds. Each is there up to three times (body, message, encoded request), and
 * the garbage collector is late with what has been let go.
 */
const INSTANCE_ROOM: Readonly<RoomSizes> = { small: 16 * MIB, large: 40 * MIB };

/**
 * The memory that requests share, in two pools: small requests pass while large ones wait. A large body asks once, for all
 * that it can ever need, so that no two wait for each other; they are served in the order in which they came.
 */
export class Room {
  /** Bytes that are free in each pool; less than none where answers wait to be read. */
  readonly free: RoomSizes;
  readonly #leases = new Set<Lease>();
  readonly #waiting = new Map<Lease, { readonly bytes: number; readonly onAdmitted: () => void }>();

  constructor(sizes: Readonly<RoomSizes> = INSTANCE_ROOM) {
    this.free = { ...sizes };
  }

  /** How many large bodies wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * @param isForced whether the request is taken where there is no room
   * @returns a request's lease, which must be released; undefined where there is no room for another request
   */
  open(isForced = false): Lease | undefined {
    if (this.free.small < REQUEST_BYTES && !isForced) return undefined;
    const lease = new Lease(this);
    this.#leases.add(lease);
    return lease;
  }

  /** Fails every body that is still arriving, or waiting. */
  giveUp(problem: Problem): void {
    for (const lease of this.#leases) lease.fail(problem);
  }

  /** Has a lease wait for its turn in the large pool. @returns false where too many wait */
  queue(lease: Lease, bytes: number, onAdmitted: () => void): boolean {
    if (this.#waiting.size === MAX_WAITING) return false;
    this.#waiting.set(lease, { bytes, onAdmitted });
    this.admit();
    return true;
  }

  /** The lease neither waits nor holds anything for long. */
  leave(lease: Lease): void {
    this.#leases.delete(lease);
    if (this.#waiting.delete(lease)) this.admit();
  }

  /** Admits who waits, as far as there is room. */
  admit(): void {
    for (const [lease, { bytes, onAdmitted }] of this.#waiting) {
      if (bytes > this.free.large) return;
      this.#waiting.delete(lease);
      this.free.large -= bytes;
      onAdmitted();
    }
  }
}

/** What one request holds of the room, from before its body is read until its answer has left. */
export class Lease {
  /** Tells a client that waits for it (`Expect: 100-continue`) to send its body; undefined once it has been told. */
  goOn: (() => void) | undefined;
  /** Why the body ends before its end, where it was made to. */
  failure: Problem | undefined;
  /** Whether the body waits for room among the large. */
  isWaiting = false;
  /** Hears, while the body arrives or waits, that it must end. */
  onFailure: ((problem: Problem) => void) | undefined;
  readonly #room: Room;
  #small = REQUEST_BYTES;
  #large = 0;
  #timer: NodeJS.Timeout | undefined;
  #isReleased = false;

  /** For {@link Room.open}. */
  constructor(room: Room) {
    this.#room = room;
    room.free.small -= REQUEST_BYTES;
  }

  /** Whether the body has room among the large. */
  get isLarge(): boolean {
    return this.#large > 0;
  }

  /**
   * Counts what has arrived of a small body.
   *
   * @param bytes all of it so far
   * @throws {Problem} overloaded
   */
  hold(bytes: number): void {
    if (REQUEST_BYTES + bytes - this.#small > Math.max(this.#room.free.small, 0)) throw new Problem("overloaded");
    this.#setSmall(bytes);
  }

  /**
   * Waits for room in the large pool, in one step; where there is none within 4 s, `onFailure` hears of it. What the small
   * pool held for the body goes back at once: those that wait must not keep small requests out, and hold little.
   *
   * @param bytes all that the body will ever need
   */
  reserve(bytes: number, onAdmitted: () => void): void {
    this.#setSmall(0);
    this.isWaiting = true;
    const refuse = () => this.#stop(new Problem("overloaded"));
    this.#timer = setTimeout(refuse, WAIT_MS);
    const admit = () => {
      clearTimeout(this.#timer);
      this.isWaiting = false;
      this.#large = bytes;
      onAdmitted();
    };
    if (!this.#room.queue(this, bytes, admit)) refuse();
  }

  /** Gives back what the body, which is there now, did not need. */
  settle(bytes: number): void {
    if (this.#isReleased) return;
    if (this.#large > 0) this.#setLarge(Math.min(this.#large, bytes));
    else this.#setSmall(bytes);
  }

  /** Holds the answer in the body's stead, until it has left: also where there is no room, as it is there by now. */
  holdAnswer(bytes: number): void {
    if (this.#isReleased) return;
    this.#setSmall(bytes);
    this.#setLarge(0);
  }

  /** Ends a body that is still arriving or waiting, or has yet to begin; one that is there by now is not touched. */
  fail(problem: Problem): void {
    this.failure ??= problem;
    this.#stop(problem);
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    clearTimeout(this.#timer);
    this.#room.leave(this);
    this.#setSmall(-REQUEST_BYTES);
    this.#setLarge(0);
  }

  #stop(problem: Problem): void {
    clearTimeout(this.#timer);
    this.#room.leave(this);
    this.onFailure?.(problem);
  }

  /** @param bytes beside those of the request itself */
  #setSmall(bytes: number): void {
    this.#room.free.small -= REQUEST_BYTES + bytes - this.#small;
    this.#small = REQUEST_BYTES + bytes;
  }

  #setLarge(bytes: number): void {
    if (this.#large === bytes) return;
    this.#room.free.large += this.#large - bytes;
    this.#large = bytes;
    this.#room.admit();
  }
}
