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
    if (length > this.capacity) this.grow(Math.min(most, Math.max(length * 2, SMALLEST_BYTES)));
    chunk.copy(this.#bytes, this.length);
    this.length = length;
  }

  /** Makes all the memory at once; what is not written to is not resident. */
  grow(capacity: number): void {
    // Node cuts small ones from a piece that several share; a piece for each would be one more for the collector to free.
    const grown = Buffer.allocUnsafe(capacity);
    this.#bytes.copy(grown, 0, 0, this.length);
    this.#bytes = grown;
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
