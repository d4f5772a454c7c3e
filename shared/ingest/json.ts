import { MAX_DEPTH } from "../events/limits.ts";

/**
 * JSON (RFC 8259) by position: bytes are checked and skipped, never turned into values.
 *
 * `JSON.parse` would cost what we cannot pay. It loses digits, so a message could not be cut from its output; its errors
 * hold the caller's data and often no position; and 9 MiB of `[[[[…` become 300 MB of arrays, the end of an instance that
 * has 256. This scan holds one bit for each open bracket.
 */

export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const COMMA = 0x2c;
const COLON = 0x3a;
export const OPEN_ARRAY = 0x5b;
export const CLOSE_ARRAY = 0x5d;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;
const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const LOWER_E = 0x65;
export const LOWER_F = 0x66;
export const LOWER_N = 0x6e;
export const LOWER_T = 0x74;
export const LOWER_U = 0x75;

const ESCAPED = new Set([...'"\\/bfnrt'].map((character) => character.charCodeAt(0)));

/** The bytes are not JSON; `position` is the offset of the first byte that does not fit. */
export class JsonSyntaxError extends Error {
  readonly position: number;
  constructor(position: number) {
    super(`Malformed JSON at position ${position}`);
    this.name = "JsonSyntaxError";
    this.position = position;
  }
}

/** JSON that consumers' parsers refuse all the same. */
export interface Unfit {
  readonly kind: "unpaired surrogate" | "too deep";
  /** Offset of the escape, or of the bracket that is one too many. */
  readonly position: number;
}

/** @returns the offset of the first byte from `at` on that is not JSON white space, or the length at the end */
export function skipSpace(bytes: Uint8Array, at: number): number {
  let byte = bytes[at];
  while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++at];
  return at;
}

/** @throws {JsonSyntaxError} when anything but white space follows */
export function expectEnd(bytes: Uint8Array, at: number): void {
  const rest = skipSpace(bytes, at);
  if (rest !== bytes.length) throw new JsonSyntaxError(rest);
}

/** What stands in place of an offset when the scan has paused. */
export const PAUSED = -1;

/** Behind the end of every body. */
const NEVER = 0x7fffffff;

/** Bytes between two pauses. */
const STEP_BYTES = 32 * 1024;

/** Where and how deep in a container a scan has paused. */
interface Pause {
  readonly at: number;
  readonly depth: number;
  readonly bits: number;
  readonly outer: number[] | undefined;
}

/** Scans a body's JSON. Offsets count from the body's first byte. */
export class JsonScanner {
  readonly bytes: Buffer;
  /** The first thing that consumers' parsers would refuse; whoever scans several events clears it between them. */
  unfit: Unfit | undefined = undefined;
  /** Whether the string that was skipped last is ASCII without escapes: its bytes are its characters. */
  isPlain = true;
  /** Offset behind which the scan pauses next. */
  protected pauseAt = NEVER;
  /** The container in the middle of which it has paused. */
  #paused: Pause | undefined;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Has the scan pause now and then. Whoever says so goes on with it. */
  protected pauseAfter(at: number): void {
    this.pauseAt = at + STEP_BYTES;
  }

  /** Has it pause at the next chance. */
  protected pauseSoon(): void {
    this.pauseAt = 0;
  }

  /** Has it no longer pause. */
  protected pauseNever(): void {
    this.pauseAt = NEVER;
  }

  /** Whether the scan pauses now and then. */
  protected get pauses(): boolean {
    return this.pauseAt !== NEVER;
  }

  /**
   * Checks the JSON value that starts at `at`, whatever its depth.
   *
   * @param depth objects and arrays that are open around it
   * @returns the offset behind the value; {@link PAUSED} where the scan is to pause: {@link resumeSkip} goes on
   * @throws {JsonSyntaxError} when there is no complete, valid value
   */
  skipValue(at: number, depth: number): number {
    const first = this.bytes[at];
    if (first === QUOTE) return this.skipString(at);
    return first === OPEN_OBJECT || first === OPEN_ARRAY
      ? this.#skipContainer(at, depth, 1, undefined)
      : this.skipScalar(at);
  }

  /** Goes on with the value in the middle of which {@link skipValue} has paused. @returns as that */
  protected resumeSkip(): number {
    const { at, depth, bits, outer } = this.#paused as Pause;
    this.pauseAfter(at);
    return this.#skipContainer(at, depth, bits, outer);
  }

  /**
   * @param bits the brackets that are open, one bit each (1 for an object) behind a leading 1
   * @param outer the same of what is further out, for a depth that is rare
   */
  #skipContainer(at: number, depth: number, bits: number, outer: number[] | undefined): number {
    const { bytes, pauseAt } = this;
    for (;;) {
      if (at > pauseAt) {
        this.#paused = { at, depth, bits, outer };
        return PAUSED;
      }
      const byte = bytes[at];
      if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        if (depth >= MAX_DEPTH) this.noteUnfit("too deep", at);
        const inside = skipSpace(bytes, at + 1);
        if (bytes[inside] !== byte + 2) {
          depth++;
          if (bits > 0xfffffff) {
            outer ??= [];
            outer.push(bits);
            bits = 1;
          }
          bits = (bits << 1) | (byte === OPEN_OBJECT ? 1 : 0);
          at = byte === OPEN_OBJECT ? this.skipKey(inside) : inside;
          continue;
        }
        at = inside + 1;
      } else if (byte === QUOTE) {
        at = this.skipString(at);
      } else {
        at = this.skipScalar(at);
      }
      // A value ends here: leave every container that ends with it, up to the comma before the next value.
      for (;;) {
        if (bits === 1) {
          bits = outer?.pop() ?? 1;
          if (bits === 1) return at;
        }
        at = skipSpace(bytes, at);
        if (bytes[at] === COMMA) {
          at = skipSpace(bytes, at + 1);
          if (bits & 1) at = this.skipKey(at);
          break;
        }
        if (bytes[at] !== (bits & 1 ? CLOSE_OBJECT : CLOSE_ARRAY)) throw new JsonSyntaxError(at);
        bits >>= 1;
        depth--;
        at++;
      }
    }
  }

  /**
   * Walks the members of the object, or the elements of the array, that starts at `at`; all of it is checked.
   *
   * @param take gets the offsets of each value and of its key's content (between the quotes; 0 and 0 in an array), and
   *   returns the offset behind the value, as {@link skipValue}
   * @returns the offset behind the container
   * @throws {JsonSyntaxError} when there is no complete, valid object or array
   */
  walk(at: number, take: (at: number, keyStart: number, keyEnd: number) => number): number {
    const { bytes } = this;
    const opener = bytes[at];
    if (opener !== OPEN_OBJECT && opener !== OPEN_ARRAY) throw new JsonSyntaxError(at);
    const closer = opener + 2;
    at = skipSpace(bytes, at + 1);
    if (bytes[at] === closer) return at + 1;
    for (;;) {
      let keyStart = 0;
      let keyEnd = 0;
      if (opener === OPEN_OBJECT) {
        keyStart = at + 1;
        if (bytes[at] !== QUOTE) throw new JsonSyntaxError(at);
        at = this.skipString(at);
        keyEnd = at - 1;
        at = this.skipColon(at);
      }
      at = skipSpace(bytes, take(at, keyStart, keyEnd));
      if (bytes[at] === closer) return at + 1;
      if (bytes[at] !== COMMA) throw new JsonSyntaxError(at);
      at = skipSpace(bytes, at + 1);
    }
  }

  /** Remembers what consumers' parsers would refuse. The scan goes on: only broken JSON leaves no end to find. */
  protected noteUnfit(kind: Unfit["kind"], position: number): void {
    this.unfit ??= { kind, position };
  }

  protected skipKey(at: number): number {
    if (this.bytes[at] !== QUOTE) throw new JsonSyntaxError(at);
    return this.skipColon(this.skipString(at));
  }

  protected skipColon(at: number): number {
    at = skipSpace(this.bytes, at);
    if (this.bytes[at] !== COLON) throw new JsonSyntaxError(at);
    return skipSpace(this.bytes, at + 1);
  }

  protected skipString(at: number): number {
    const { bytes } = this;
    let seen = 0;
    at++;
    for (;;) {
      const byte = bytes[at];
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) {
        seen = 0x80;
        at = this.#skipEscape(at);
      } else if (byte === undefined || byte < 0x20) {
        throw new JsonSyntaxError(at);
      } else {
        seen |= byte;
        at++;
      }
    }
    this.isPlain = seen < 0x80;
    return at + 1;
  }

  #skipEscape(at: number): number {
    const { bytes } = this;
    const escaped = bytes[at + 1];
    if (escaped !== LOWER_U) {
      if (escaped === undefined || !ESCAPED.has(escaped)) throw new JsonSyntaxError(at + 1);
      return at + 2;
    }
    const unit = readUnit(bytes, at);
    if (unit >= 0xd800 && unit < 0xe000) {
      const isPair =
        unit < 0xdc00 && bytes[at + 6] === BACKSLASH && bytes[at + 7] === LOWER_U && isLow(readUnit(bytes, at + 6));
      if (isPair) return at + 12;
      this.noteUnfit("unpaired surrogate", at);
    }
    return at + 6;
  }

  /** A number, `true`, `false` or `null`. */
  protected skipScalar(at: number): number {
    switch (this.bytes[at]) {
      case LOWER_T:
        return this.#skipLiteral(at, "true");
      case LOWER_F:
        return this.#skipLiteral(at, "false");
      case LOWER_N:
        return this.#skipLiteral(at, "null");
      default:
        return this.#skipNumber(at);
    }
  }

  #skipLiteral(at: number, literal: string): number {
    for (let i = 1; i < literal.length; i++) {
      if (this.bytes[at + i] !== literal.charCodeAt(i)) throw new JsonSyntaxError(at + i);
    }
    return at + literal.length;
  }

  #skipNumber(at: number): number {
    const { bytes } = this;
    if (bytes[at] === MINUS) at++;
    at = bytes[at] === ZERO ? at + 1 : skipDigits(bytes, at);
    if (bytes[at] === DOT) at = skipDigits(bytes, at + 1);
    if (((bytes[at] ?? 0) | 0x20) === LOWER_E) {
      at++;
      if (bytes[at] === PLUS || bytes[at] === MINUS) at++;
      at = skipDigits(bytes, at);
    }
    return at;
  }
}

/** Reads the UTF-16 code unit of an escape of the form \uXXXX whose backslash is at `at`. */
export function readUnit(bytes: Uint8Array, at: number): number {
  let unit = 0;
  for (let i = at + 2; i < at + 6; i++) {
    const byte = bytes[i] ?? 0;
    const lower = byte | 0x20;
    if (byte >= ZERO && byte <= NINE) unit = (unit << 4) | (byte - ZERO);
    else if (lower >= 0x61 && lower <= 0x66) unit = (unit << 4) | (lower - 0x57);
    else throw new JsonSyntaxError(i);
  }
  return unit;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

function skipDigits(bytes: Uint8Array, at: number): number {
  let byte = bytes[at];
  if (byte === undefined || byte < ZERO || byte > NINE) throw new JsonSyntaxError(at);
  do byte = bytes[++at];
  while (byte !== undefined && byte >= ZERO && byte <= NINE);
  return at;
}
