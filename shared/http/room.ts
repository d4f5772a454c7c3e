import { Problem } from "./problem.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Up to here a body is small: it is counted as it comes and never waits for a large one. */
export const SMALL_BODY_BYTES = 128 * KIB;

/** A request itself: its headers, and the objects around it. */
const REQUEST_BYTES = 4 * KIB;

/** How long a large body waits for room; what it then has of the platform's 30 s is for the body and for Pub/Sub. */
const WAIT_MS = 4000;

/** Those that came together are refused one after the other: to throw away what each has sent by then takes milliseconds. */
const APART_MS = 4;

/** At most this many large bodies wait; each may already hold 128 KiB. */
const MAX_WAITING = 128;

/**
 * The memory that requests share, in two pools: small requests pass while large ones wait. A large body asks once, for all
 * that it can ever need, so that no two wait for each other; they are served in the order in which they came.
 */
export class Room {
  /** Bytes: for small bodies and answers that are not yet read, less than none where these are many; and for large bodies. */
  readonly free: { small: number; large: number };
  /** The large bodies that wait. */
  readonly waiting = new Map<Lease, { readonly bytes: number; readonly onAdmitted: () => void }>();

  /**
   * @param sizes by default those of an instance of 512 MiB: each byte is there up to three times (body, message, encoded
   *   request), and the garbage collector is late with what has been let go. The largest reservation must fit.
   */
  constructor(sizes: Readonly<Room["free"]> = { small: 16 * MIB, large: 40 * MIB }) {
    this.free = { ...sizes };
  }

  /**
   * @param isForced whether the request is taken where there is no room
   * @returns a request's lease, which must be released; undefined where there is no room for another request
   */
  open(isForced = false): Lease | undefined {
    return this.free.small < REQUEST_BYTES && !isForced ? undefined : new Lease(this);
  }

  /** Admits who waits, as far as there is room. */
  admit(): void {
    for (const [lease, { bytes, onAdmitted }] of this.waiting) {
      if (bytes > this.free.large) return;
      this.waiting.delete(lease);
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
  /** The body, once it arrives or waits. It settles once it is there, or is stopped. */
  upload: { stop(problem: Problem): void } | undefined;
  readonly #room: Room;
  #small = 0;
  #large = 0;
  #timer: NodeJS.Timeout | undefined;

  /** For {@link Room.open}. */
  constructor(room: Room) {
    this.#room = room;
    this.#setSmall(REQUEST_BYTES);
  }

  /** Whether the body has room among the large. */
  get isLarge(): boolean {
    return this.#large > 0;
  }

  /**
   * Counts what has arrived of a small body.
   *
   * @param bytes all of it so far
   * @returns whether there is room for it
   */
  hold(bytes: number): boolean {
    const hasRoom = REQUEST_BYTES + bytes - this.#small <= Math.max(this.#room.free.small, 0);
    if (hasRoom) this.#setSmall(REQUEST_BYTES + bytes);
    return hasRoom;
  }

  /**
   * Waits for room in the large pool, in one step; a body that finds none within 4 s is stopped. What the small pool held for
   * it goes back at once: those that wait must not keep small requests out, and hold little.
   *
   * @param bytes all that the body will ever need
   */
  reserve(bytes: number, onAdmitted: () => void): void {
    const { waiting } = this.#room;
    const refuse = () => this.upload?.stop(new Problem("overloaded"));
    this.#setSmall(REQUEST_BYTES);
    if (waiting.size === MAX_WAITING) {
      refuse();
      return;
    }
    this.#timer = setTimeout(refuse, WAIT_MS + waiting.size * APART_MS);
    waiting.set(this, {
      bytes,
      onAdmitted: () => {
        clearTimeout(this.#timer);
        this.#large = bytes;
        onAdmitted();
      },
    });
    this.#room.admit();
  }

  /** The body is there, or will not be: gives back what it does not need. @param bytes of it */
  settle(bytes: number): void {
    clearTimeout(this.#timer);
    if (this.#large > 0) this.#setLarge(Math.min(this.#large, bytes));
    else this.#setSmall(REQUEST_BYTES + bytes);
    if (this.#room.waiting.delete(this)) this.#room.admit();
  }

  /** Holds the answer in the body's stead, until it has left: also where there is no room, as it is there by now. */
  holdAnswer(bytes: number): void {
    this.#setSmall(REQUEST_BYTES + bytes);
    this.#setLarge(0);
  }

  /** Ends a body that is still arriving or waiting, or has yet to begin; one that is there by now is not touched. */
  fail(problem: Problem): void {
    this.failure ??= problem;
    this.upload?.stop(problem);
  }

  /** Gives all back. */
  release(): void {
    this.#setSmall(0);
    this.#setLarge(0);
  }

  #setSmall(bytes: number): void {
    this.#room.free.small += this.#small - bytes;
    this.#small = bytes;
  }

  #setLarge(bytes: number): void {
    if (this.#large === bytes) return;
    this.#room.free.large += this.#large - bytes;
    this.#large = bytes;
    this.#room.admit();
  }
}
