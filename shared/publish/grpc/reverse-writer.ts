const LENGTH_DELIMITED = 2;

/** Bytes of a field's tag and length at most: fields below 16 have a tag of one byte, and lengths stay below 2^28. */
const MAX_HEAD_BYTES = 5;

/** Characters up to which text is copied by a loop: a call out of JavaScript would cost more. */
const SHORT = 64;

/** @returns the tag of a field that holds bytes, text or a message */
export function toTag(field: number): number {
  return (field << 3) | LENGTH_DELIMITED;
}

/** @returns the most bytes that a field with a value of this size takes */
export function toMaxField(bytes: number): number {
  return MAX_HEAD_BYTES + bytes;
}

/** @returns the most bytes that a field with this text takes: three of UTF-8 for each UTF-16 code unit */
export function toMaxTextField(text: string): number {
  return toMaxField(text.length * 3);
}

/**
 * Writes a protobuf message from its end to its beginning: a length is known when its place is reached, so that nothing is
 * measured or kept before. `protobufjs` would make a chain of operations first: twice the time, and it was a quarter of
 * all the garbage that an event left.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export class ReverseWriter {
  readonly #bytes: Buffer;
  #at: number;

  /** @param capacity bytes, at least as many as will be written */
  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafe(capacity);
    this.#at = capacity;
  }

  /** Offset of what was written last; see {@link writeHead}. */
  get position(): number {
    return this.#at;
  }

  writeBytes(field: number, value: Buffer): void {
    const end = this.#at;
    this.#at -= value.length;
    value.copy(this.#bytes, this.#at);
    this.writeHead(field, end);
  }

  writeText(field: number, value: string): void {
    const end = this.#at;
    if (value.length > SHORT || !this.#writeAscii(value)) {
      this.#at -= Buffer.byteLength(value);
      this.#bytes.write(value, this.#at);
    }
    this.writeHead(field, end);
  }

  /** Makes a field of all that was written since {@link position} was `end`: a message within the message, for one. */
  writeHead(field: number, end: number): void {
    const length = end - this.#at;
    let size = 1;
    for (let rest = length >>> 7; rest > 0; rest >>>= 7) size++;
    this.#at -= size;
    for (let i = 0; i < size; i++) {
      const more = i < size - 1 ? 0x80 : 0;
      this.#bytes[this.#at + i] = ((length >>> (7 * i)) & 0x7f) | more;
    }
    this.#bytes[--this.#at] = toTag(field);
  }

  /** @returns what was written, with room in front of it */
  finish(before: number): Buffer {
    return this.#bytes.subarray(this.#at - before);
  }

  /** @returns false, with nothing written, when not all of it is ASCII */
  #writeAscii(value: string): boolean {
    const start = this.#at - value.length;
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      if (unit > 0x7f) return false;
      this.#bytes[start + i] = unit;
    }
    this.#at = start;
    return true;
  }
}
