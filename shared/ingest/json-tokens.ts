import { Problem } from "../http/problem.ts";

/**
 * JSON (RFC 8259) by position: bytes are checked and skipped, never turned into values.
 *
 * `JSON.parse` would cost what we cannot pay. It loses digits, so a message could not be cut from its output; its errors
 * hold the caller's data and often no position; and 9 MiB of `[[[[…` become 300 MB of arrays, the end of an instance that
 * has 256. This scan holds one bit for each open bracket.
 */

export const QUOTE = 0x22;
const BACKSLASH = 0x5c;
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
const LOWER_F = 0x66;
const LOWER_N = 0x6e;
const LOWER_T = 0x74;
const LOWER_U = 0x75;

/** The largest double has 309 digits. */
const LONGEST_INTEGER = 308;

const ESCAPED = new Set([...'"\\/bfnrt'].map((character) => character.charCodeAt(0)));

/** @param position offset of the first byte that does not fit */
export function malformedAt(position: number): Problem {
  return new Problem("malformed_json", `Malformed JSON at position ${position}.`);
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

/** @returns the offset of what follows the comma at `at` */
export function skipComma(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== COMMA) throw malformedAt(at);
  return skipSpace(bytes, at + 1);
}

/** @throws {Problem} malformed_json when anything but white space follows */
export function expectEnd(bytes: Uint8Array, at: number): void {
  const rest = skipSpace(bytes, at);
  if (rest !== bytes.length) throw malformedAt(rest);
}

/** Skips what has nothing inside. Offsets count from the body's first byte. */
export class JsonTokens {
  readonly bytes: Buffer;
  /** The first thing that consumers' parsers would refuse; whoever scans several events clears it between them. */
  unfit: Unfit | undefined = undefined;
  /** Whether the string that was skipped last is ASCII without escapes: its bytes are its characters. */
  isPlain = true;
  /** Whether a number came by that may be beyond a double's range; cleared like `unfit`. */
  hasHugeNumber = false;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Remembers what consumers' parsers would refuse. The scan goes on: only broken JSON leaves no end to find. */
  protected noteUnfit(kind: Unfit["kind"], position: number): void {
    this.unfit ??= { kind, position };
  }

  protected skipKey(at: number): number {
    if (this.bytes[at] !== QUOTE) throw malformedAt(at);
    return this.skipColon(this.skipString(at));
  }

  protected skipColon(at: number): number {
    at = skipSpace(this.bytes, at);
    if (this.bytes[at] !== COLON) throw malformedAt(at);
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
        throw malformedAt(at);
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
      if (escaped === undefined || !ESCAPED.has(escaped)) throw malformedAt(at + 1);
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
      if (this.bytes[at + i] !== literal.charCodeAt(i)) throw malformedAt(at + i);
    }
    return at + literal.length;
  }

  #skipNumber(start: number): number {
    const { bytes } = this;
    let at = start;
    if (bytes[at] === MINUS) at++;
    at = bytes[at] === ZERO ? at + 1 : skipDigits(bytes, at);
    if (bytes[at] === DOT) at = skipDigits(bytes, at + 1);
    if (((bytes[at] ?? 0) | 0x20) === LOWER_E) {
      at++;
      if (bytes[at] === PLUS || bytes[at] === MINUS) at++;
      at = skipDigits(bytes, at);
      this.hasHugeNumber = true;
    } else if (at - start > LONGEST_INTEGER) this.hasHugeNumber = true;
    return at;
  }
}

/** Reads the UTF-16 code unit of an escape of the form \uXXXX whose backslash is at `at`. */
function readUnit(bytes: Uint8Array, at: number): number {
  let unit = 0;
  for (let i = at + 2; i < at + 6; i++) {
    const byte = bytes[i] ?? 0;
    const lower = byte | 0x20;
    if (byte >= ZERO && byte <= NINE) unit = (unit << 4) | (byte - ZERO);
    else if (lower >= 0x61 && lower <= 0x66) unit = (unit << 4) | (lower - 0x57);
    else throw malformedAt(i);
  }
  return unit;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

function skipDigits(bytes: Uint8Array, at: number): number {
  let byte = bytes[at];
  if (byte === undefined || byte < ZERO || byte > NINE) throw malformedAt(at);
  do byte = bytes[++at];
  while (byte !== undefined && byte >= ZERO && byte <= NINE);
  return at;
}
