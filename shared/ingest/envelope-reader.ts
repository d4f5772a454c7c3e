import { OPEN_ARRAY, OPEN_OBJECT, skipValue, walkContainer } from "./json.ts";

/** No name of a field is longer, even with each character escaped as `\uXXXX`. */
const LONGEST_KEY_BYTES = 96;

const QUOTE = 0x22;

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
 * @param wanted names of the top-level members that are wanted
 * @throws {JsonSyntaxError} when there is no complete, valid value
 */
export function scanEnvelope(bytes: Buffer, at: number, wanted: ReadonlySet<string>): ScannedEnvelope {
  if (bytes[at] !== OPEN_OBJECT) return { fields: undefined, end: skipValue(bytes, at) };
  const fields: Record<string, unknown> = {};
  const end = walkContainer(bytes, at, (valueStart, valueEnd, keyStart, keyEnd) => {
    if (keyEnd - keyStart > LONGEST_KEY_BYTES) return;
    const key = readString(bytes, keyStart, keyEnd);
    if (wanted.has(key)) fields[key] = readStandIn(bytes, valueStart, valueEnd);
  });
  return { fields, end };
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
