import type { PubSubMessage } from "../protocol.ts";
import type { Lane } from "./lane.ts";

const MOST_MESSAGES = 10_000;
const MOST_BYTES = 16 * 1024 * 1024;
/** Of a message: its objects, its lane, its short texts. */
const BYTES_OF_MESSAGE = 1000;

/** Subscriptions that are there in case somebody wants to read them. */
export interface Spare {
  /** @param subscription its id, without the project */
  isSpare(subscription: string): boolean;
  /** Is told once of each: nobody has ever opened it, and its oldest messages are dropped from now on. */
  onDrop(subscription: string, most: number): void;
}

interface Waiting {
  readonly lane: Lane;
  readonly bytes: number;
}

/**
 * What has come to a spare subscription that nobody has opened yet. Beyond a limit the oldest messages are dropped: where
 * nobody ever opens it, they would fill the memory of a stack that runs for days.
 */
export class Unread {
  readonly #onDrop: (most: number) => void;
  #queue: Waiting[] = [];
  #start = 0;
  #bytes = 0;
  #hasDropped = false;

  /** @param onDrop called when the first message is dropped */
  constructor(onDrop: (most: number) => void) {
    this.#onDrop = onDrop;
  }

  /** A message was added to this lane. @returns the lanes that lose their first message for it */
  add(lane: Lane, { data }: PubSubMessage): Lane[] {
    this.#queue.push({ lane, bytes: BYTES_OF_MESSAGE + data.length });
    this.#bytes += BYTES_OF_MESSAGE + data.length;
    const losers: Lane[] = [];
    // The latest is kept whatever its size.
    while (this.#length > 1 && (this.#length > MOST_MESSAGES || this.#bytes > MOST_BYTES)) {
      const { lane: loser, bytes } = this.#queue[this.#start] as Waiting;
      losers.push(loser);
      this.#bytes -= bytes;
      this.#start += 1;
    }
    if (this.#start > MOST_MESSAGES) {
      this.#queue = this.#queue.slice(this.#start);
      this.#start = 0;
    }
    if (losers.length > 0 && !this.#hasDropped) {
      this.#hasDropped = true;
      this.#onDrop(MOST_MESSAGES);
    }
    return losers;
  }

  get #length(): number {
    return this.#queue.length - this.#start;
  }
}
