import { BACKSLASH, OPEN_ARRAY, OPEN_OBJECT, QUOTE, skipValue, walkContainer } from "./json.ts";

/** No name of a field is longer, even with each character escaped as `\uXXXX`. */
const LONGEST_KEY_BYTES = 96;

/** One event's own bytes, and what the schemas need to see of them. */
export interface EventBytes {
  /** The event as the caller sent it: one JSON object, perhaps with white space around it. */
  readonly bytes: Buffer;
  /** Offset behind the object's opening brace, where members can be added. */
  readonly open: number;
  /**
   * The top-level members that were asked for; of a key that stands twice the last, as JSON.parse has it. Strings are
   * themselves. All else is an empty stand-in of the same JSON type (`{}`, `[]`, 0, false, null), so that a hostile body
   * never becomes objects: schemas may only ask for its type.
   */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** An envelope as it stands within a body. */
interface ScannedEnvelope {
  /** Undefined when the value is no object. */
  readonly fields: EventBytes["fields"] | undefined;
  /** Offset behind the value. */
  readonly end: number;
}

/**
 * Reads the envelope of the event that starts at `at`, checking all of its JSON.
 *
 * @param bytes UTF-8
 * @param wanted names of the top-level members that are wanted, in ASCII
 * @throws {JsonSyntaxError} when there is no complete, valid value
 */
export function scanEnvelope(bytes: Buffer, at: number, wanted: readonly string[]): ScannedEnvelope {
  if (bytes[at] !== OPEN_OBJECT) return { fields: undefined, end: skipValue(bytes, at) };
  const fields: Record<string, unknown> = {};
  const end = walkContainer(bytes, at, (valueStart, valueEnd, keyStart, keyEnd) => {
    const key = findKey(bytes, keyStart, keyEnd, wanted);
    if (key !== undefined) fields[key] = readStandIn(bytes, valueStart, valueEnd);
  });
  return { fields, end };
}

/** Compares bytes, as to decode each key and look it up costs a fifth of what it does to read the event. */
function findKey(bytes: Buffer, start: number, end: number, wanted: readonly string[]): string | undefined {
  const length = end - start;
  for (const name of wanted) if (name.length === length && startsWith(bytes, start, name)) return name;
  if (length > LONGEST_KEY_BYTES || !hasEscape(bytes, start, end)) return undefined;
  const key = readString(bytes, start, end);
  return wanted.find((name) => name === key);
}

function startsWith(bytes: Buffer, start: number, ascii: string): boolean {
  for (let i = 0; i < ascii.length; i++) if (bytes[start + i] !== ascii.charCodeAt(i)) return false;
  return true;
}

function hasEscape(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] === BACKSLASH) return true;
  return false;
}

function readStandIn(bytes: Buffer, start: number, end: number): unknown {
  switch (bytes[start]) {
    case QUOTE:
      return readString(bytes, start + 1, end - 1);
    case OPEN_OBJECT:
      return {};
    case OPEN_ARRAY:
      return [];
    case 0x6e:
      return null;
    case 0x74:
    case 0x66:
      return false;
    default:
      return 0;
  }
}

/** Decodes the content of a JSON string that is known to be valid. */
function readString(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString("utf8", start, end);
  return text.includes("\\") ? (JSON.parse(`"${text}"`) as string) : text;
}
