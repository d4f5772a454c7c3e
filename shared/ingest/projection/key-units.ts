import { BACKSLASH, LOWER_U, QUOTE, readUnit } from "../json.ts";

/** What `\b`, `\f`, `\n`, `\r` and `\t` mean; every other escape of two characters means its second. */
const CONTROLS = new Map([..."bfnrt"].map((letter, i) => [letter.charCodeAt(0), "\b\f\n\r\t".charCodeAt(i)]));

/** Reads a key (valid UTF-8 and escapes) by its UTF-16 code units, without a string of it. */
export class KeyUnits {
  readonly #bytes: Uint8Array;
  #at: number;
  /** The second half of a surrogate pair whose first was just read. */
  #low = -1;

  /** @param start of the key's content, behind its quote */
  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#at = start;
  }

  /** @returns the next code unit; -1 at the key's end */
  next(): number {
    if (this.#low >= 0) {
      const low = this.#low;
      this.#low = -1;
      return low;
    }
    const bytes = this.#bytes;
    const byte = bytes[this.#at] as number;
    if (byte === QUOTE) return -1;
    if (byte === BACKSLASH) {
      const escaped = bytes[this.#at + 1] as number;
      const unit = escaped === LOWER_U ? readUnit(bytes, this.#at) : (CONTROLS.get(escaped) ?? escaped);
      this.#at += escaped === LOWER_U ? 6 : 2;
      return unit;
    }
    this.#at++;
    if (byte < 0x80) return byte;
    const size = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    let point = byte & (0xff >> (size + 1));
    for (let i = 1; i < size; i++) point = (point << 6) | ((bytes[this.#at++] as number) & 0x3f);
    if (point < 0x10000) return point;
    this.#low = 0xdc00 | (point & 0x3ff);
    return 0xd7c0 + (point >> 10);
  }
}
