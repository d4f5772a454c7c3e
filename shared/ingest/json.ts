import { MAX_DEPTH } from "../events/limits.ts";
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COMMA,
  JsonTokens,
  malformedAt,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  skipSpace,
} from "./json-tokens.ts";

/**
 * Finds where bytes stop being UTF-8.
 *
 * @param bytes that are not well-formed
 * @returns the offset of the first byte that begins no well-formed sequence
 */
export function findInvalidUtf8(bytes: Buffer): number {
  const repaired = Buffer.from(bytes.toString());
  let at = 0;
  while (at < bytes.length && bytes[at] === repaired[at]) at++;
  // The first difference is in a replacement character, EF BF BD, which may begin like what it replaces.
  return repaired.lastIndexOf(0xef, at);
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

/** Scans values whatever is inside, in steps where it is asked to. */
export class JsonScanner extends JsonTokens {
  /** How many values the scan has come by inside objects and arrays, these included; whoever counts begins at 0. */
  values = 0;
  /** Offset behind which the scan pauses next. */
  protected pauseAt = NEVER;
  /** The container in the middle of which it has paused. */
  #paused: Pause | undefined;

  /** Has the scan pause in a while. Whoever says so goes on with it. */
  protected pauseAfter(at: number): void {
    this.pauseAt = at + STEP_BYTES;
  }

  /**
   * Checks the JSON value that starts at `at`, whatever its depth.
   *
   * @param depth objects and arrays that are open around it
   * @returns the offset behind the value; {@link PAUSED} where the scan is to pause: {@link resumeSkip} goes on
   * @throws {Problem} malformed_json when there is no complete, valid value
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
    let values = this.values;
    for (;;) {
      if (at > pauseAt) {
        this.#paused = { at, depth, bits, outer };
        this.values = values;
        return PAUSED;
      }
      values++;
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
          if (bits === 1) {
            this.values = values;
            return at;
          }
        }
        at = skipSpace(bytes, at);
        if (bytes[at] === COMMA) {
          at = skipSpace(bytes, at + 1);
          if (bits & 1) at = this.skipKey(at);
          break;
        }
        if (bytes[at] !== (bits & 1 ? CLOSE_OBJECT : CLOSE_ARRAY)) throw malformedAt(at);
        bits >>= 1;
        depth--;
        at++;
      }
    }
  }
}
