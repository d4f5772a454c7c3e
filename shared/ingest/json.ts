/**
 * JSON (RFC 8259) by position: bytes are checked and skipped, never turned into values.
 *
 * `JSON.parse` would cost what we cannot pay. It loses digits, so a message could not be cut from its output; its errors
 * hold the caller's data and often no position; and 9 MiB of `[[[[…` become 300 MB of arrays, the end of an instance that
 * has 256. This scan holds one bit for each open bracket.
 */

export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
export const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;
const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const ZERO = 0x30;
const LOWER_E = 0x65;
const LOWER_U = 0x75;

const LITERALS = new Map([..."tfn"].map((first, i) => [first.charCodeAt(0), ["true", "false", "null"][i] as string]));
const ESCAPED = new Set([...'"\\/bfnrt'].map((character) => character.charCodeAt(0)));

/** The bytes are not JSON; `position` is the offset of the first byte that cannot stand where it stands. */
export class JsonSyntaxError extends Error {
  readonly position: number;
  constructor(position: number) {
    super(`Malformed JSON at position ${position}`);
    this.name = "JsonSyntaxError";
    this.position = position;
  }
}

/** @returns the offset of the first byte from `at` on that is not JSON white space, or the length at the end */
export function skipSpace(bytes: Uint8Array, at: number): number {
  let byte = bytes[at];
  while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++at];
  return at;
}

/** @throws {JsonSyntaxError} when anything but white space stands from `at` on */
export function expectEnd(bytes: Uint8Array, at: number): void {
  const rest = skipSpace(bytes, at);
  if (rest !== bytes.length) throw new JsonSyntaxError(rest);
}

/**
 * Checks the JSON value that starts at `at`, whatever its depth.
 *
 * @returns the offset behind the value
 * @throws {JsonSyntaxError} when there is no complete, valid value
 */
export function skipValue(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  if (first === QUOTE) return skipString(bytes, at);
  return first === OPEN_OBJECT || first === OPEN_ARRAY ? skipContainer(bytes, at) : skipScalar(bytes, at);
}

function skipContainer(bytes: Uint8Array, at: number): number {
  const nesting = new Nesting();
  for (;;) {
    const byte = bytes[at];
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      const inside = skipSpace(bytes, at + 1);
      if (bytes[inside] === closerOf(byte)) {
        at = inside + 1;
      } else {
        nesting.open(byte);
        at = byte === OPEN_OBJECT ? skipKey(bytes, inside) : inside;
        continue;
      }
    } else if (byte === QUOTE) {
      at = skipString(bytes, at);
    } else {
      at = skipScalar(bytes, at);
    }
    // A value ends here: leave every container that ends with it, up to the comma before the next value.
    for (;;) {
      const container = nesting.innermost;
      if (container === undefined) return at;
      at = skipSpace(bytes, at);
      if (bytes[at] === COMMA) {
        at = skipSpace(bytes, at + 1);
        if (container === OPEN_OBJECT) at = skipKey(bytes, at);
        break;
      }
      if (bytes[at] !== closerOf(container)) throw new JsonSyntaxError(at);
      nesting.close();
      at++;
    }
  }
}

/**
 * Walks the members of the object, or the elements of the array, that starts at `at`; all of it is checked.
 *
 * @param visit gets the offsets of each value, and of its key's content (between the quotes; 0 and 0 in an array)
 * @param skip checks a value and returns the offset behind it, as {@link skipValue}
 * @returns the offset behind the container
 * @throws {JsonSyntaxError} when there is no complete, valid object or array
 */
export function walkContainer(
  bytes: Uint8Array,
  at: number,
  visit: (start: number, end: number, keyStart: number, keyEnd: number) => void,
  skip: (bytes: Uint8Array, at: number) => number = skipValue,
): number {
  const opener = bytes[at];
  if (opener !== OPEN_OBJECT && opener !== OPEN_ARRAY) throw new JsonSyntaxError(at);
  const closer = closerOf(opener);
  at = skipSpace(bytes, at + 1);
  if (bytes[at] === closer) return at + 1;
  for (;;) {
    let keyStart = 0;
    let keyEnd = 0;
    if (opener === OPEN_OBJECT) {
      keyStart = at + 1;
      if (bytes[at] !== QUOTE) throw new JsonSyntaxError(at);
      at = skipString(bytes, at);
      keyEnd = at - 1;
      at = skipColon(bytes, at);
    }
    const start = at;
    at = skip(bytes, at);
    visit(start, at, keyStart, keyEnd);
    at = skipSpace(bytes, at);
    if (bytes[at] === closer) return at + 1;
    if (bytes[at] !== COMMA) throw new JsonSyntaxError(at);
    at = skipSpace(bytes, at + 1);
  }
}

/** The brackets that are open. */
class Nesting {
  /** The innermost of them, one bit each (1 for an object) behind a leading 1: no array for a depth that is usual. */
  #bits = 1;
  readonly #outer: number[] = [];

  get innermost(): number | undefined {
    if (this.#bits === 1) return undefined;
    return this.#bits & 1 ? OPEN_OBJECT : OPEN_ARRAY;
  }

  open(bracket: number): void {
    if (this.#bits > 0xfffffff) {
      this.#outer.push(this.#bits);
      this.#bits = 1;
    }
    this.#bits = (this.#bits << 1) | Number(bracket === OPEN_OBJECT);
  }

  close(): void {
    this.#bits >>= 1;
    if (this.#bits === 1) this.#bits = this.#outer.pop() ?? 1;
  }
}

function closerOf(bracket: number): number {
  return bracket === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_ARRAY;
}

function skipKey(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== QUOTE) throw new JsonSyntaxError(at);
  return skipColon(bytes, skipString(bytes, at));
}

function skipColon(bytes: Uint8Array, at: number): number {
  at = skipSpace(bytes, at);
  if (bytes[at] !== COLON) throw new JsonSyntaxError(at);
  return skipSpace(bytes, at + 1);
}

function skipString(bytes: Uint8Array, at: number): number {
  at++;
  for (;;) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at = skipEscape(bytes, at + 1);
    else if (byte === undefined || byte < 0x20) throw new JsonSyntaxError(at);
    else at++;
  }
}

function skipEscape(bytes: Uint8Array, at: number): number {
  const escaped = bytes[at];
  if (escaped !== LOWER_U) {
    if (escaped === undefined || !ESCAPED.has(escaped)) throw new JsonSyntaxError(at);
    return at + 1;
  }
  for (let digit = at + 1; digit < at + 5; digit++) if (!isHexDigit(bytes[digit])) throw new JsonSyntaxError(digit);
  return at + 5;
}

/** A number, `true`, `false` or `null`. */
function skipScalar(bytes: Uint8Array, at: number): number {
  const literal = LITERALS.get(bytes[at] ?? 0);
  if (literal === undefined) return skipNumber(bytes, at);
  for (let i = 1; i < literal.length; i++) {
    if (bytes[at + i] !== literal.charCodeAt(i)) throw new JsonSyntaxError(at + i);
  }
  return at + literal.length;
}

function skipNumber(bytes: Uint8Array, at: number): number {
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

function skipDigits(bytes: Uint8Array, at: number): number {
  if (!isDigit(bytes[at])) throw new JsonSyntaxError(at);
  do at++;
  while (isDigit(bytes[at]));
  return at;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= 0x39;
}

function isHexDigit(byte: number | undefined): boolean {
  const lower = (byte ?? 0) | 0x20;
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66);
}
