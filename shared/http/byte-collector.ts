import { SMALL_BODY_BYTES } from "./room.ts";

const SMALLEST_BYTES = 4 * 1024;

const EMPTY = Buffer.alloc(0);

/**
 * Puts a body together in one piece of memory. A list of what comes would cost a body that arrives byte by byte a hundred
 * times its size, and twice its size to join.
 */
export class ByteCollector {
  /** Bytes that are there; nobody else sets it. */
  length = 0;
  #bytes: Buffer = EMPTY;

  /** Bytes of memory in use. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** @param most what the whole can become: never more memory than that */
  add(chunk: Buffer, most: number): void {
    const length = this.length + chunk.length;
    if (length > this.capacity) {
      // A large body has all of it at once, without being copied again: what is not written to is not resident.
      const wanted =
        length > SMALL_BODY_BYTES ? most : Math.max(SMALLEST_BYTES, Math.min(length * 2, SMALL_BODY_BYTES));
      // Node cuts small ones from a piece that several share; a piece for each would be one more for the collector to free.
      const grown = Buffer.allocUnsafe(Math.min(wanted, most));
      this.#bytes.copy(grown, 0, 0, this.length);
      this.#bytes = grown;
    }
    chunk.copy(this.#bytes, this.length);
    this.length = length;
  }

  /** @returns what was added; the collector is empty afterwards */
  take(): Buffer {
    const all = this.length === this.capacity ? this.#bytes : this.#bytes.subarray(0, this.length);
    const taken = this.length * 2 < this.#bytes.length ? Buffer.from(all) : all;
    this.clear();
    return taken;
  }

  clear(): void {
    this.#bytes = EMPTY;
    this.length = 0;
  }
}
