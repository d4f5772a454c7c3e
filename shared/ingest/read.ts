import { isUtf8 } from "node:buffer";
import { MAX_DEPTH } from "../events/limits.ts";
import { Problem } from "../http/problem.ts";
import { findInvalidUtf8, JsonScanner, PAUSED } from "./json.ts";
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COMMA,
  expectEnd,
  JsonSyntaxError,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  skipSpace,
  type Unfit,
} from "./json-tokens.ts";
import { type Names, NOT_FOUND } from "./names.ts";
import type { Steps } from "./time-slice.ts";

/** One event's own bytes, and what the scan found in them. */
export interface EventBytes {
  /** The event as the caller sent it: one JSON object, perhaps with white space around it. */
  readonly bytes: Buffer;
  /** Offset behind the object's opening brace, where members can be added. */
  readonly open: number;
  /** What the schemas of envelopes name. Strings are themselves, anything else is a stand-in of its JSON type. */
  readonly fields: Fields;
  /** Undefined where the payload is no object. */
  readonly payload: PayloadSpan | undefined;
  readonly notes: Notes;
}

/** The fields of an envelope by their names; undefined where one is absent, of a repeated one the last. */
export type Fields = Readonly<Record<string, unknown>> & {
  readonly event_type: unknown;
  readonly event_id: unknown;
  readonly timestamp: unknown;
  readonly user_id: unknown;
  readonly payload: unknown;
};

/** Where in the event's bytes its payload lies. */
export interface PayloadSpan {
  readonly start: number;
  readonly end: number;
  /** The values of all members and items at any depth, repeated ones as often as they were sent. */
  readonly values: number;
  /** Whether a number in it may be beyond a double's range. */
  readonly hasHugeNumber: boolean;
}

/** Fields that stand twice, or under a name that differs by case. */
export type Notes = ReadonlyMap<string, "repeated" | "other case">;

const NO_NOTES: Notes = new Map();

/** Bytes above which an event is read in steps. */
export const LARGE_BYTES = 64 * 1024;

/**
 * Reads one event.
 *
 * @param bytes the event's own bytes, perhaps with white space around it
 * @param names of the fields that are wanted
 * @throws {Problem} malformed_json
 */
export function* readEvent(bytes: Buffer, names: Names): Steps<EventBytes> {
  try {
    if (!isUtf8(bytes)) throw notUtf8(bytes);
    const reader = new EventReader(bytes, names, bytes.length > LARGE_BYTES);
    const event = yield* reader.read(skipSpace(bytes, 0), bytes, 0);
    expectEnd(bytes, reader.end);
    if (event instanceof Problem) throw event;
    return event;
  } catch (error) {
    throw toMalformed(error);
  }
}

/**
 * Reads the events of a JSON array, in one scan.
 *
 * @param limit elements after which events are no longer read, but only checked
 * @returns the events in order, or what is wrong with one
 * @throws {Problem} malformed_json when the body is no JSON array
 */
export function* readEvents(body: Buffer, names: Names, limit: number): Steps<(EventBytes | Problem)[]> {
  try {
    const reader = new EventReader(body, names, true);
    const events: (EventBytes | Problem)[] = [];
    const start = skipSpace(body, 0);
    const isArray = body[start] === OPEN_ARRAY;
    let at = isArray ? skipSpace(body, start + 1) : start;
    if (!isArray) yield* reader.check(at);
    while (isArray) {
      if (body[at] === CLOSE_ARRAY && events.length === 0) break;
      if (events.length < limit) events.push(yield* reader.read(at));
      else yield* reader.check(at);
      at = skipSpace(body, reader.end);
      if (body[at] === CLOSE_ARRAY) break;
      if (body[at] !== COMMA) throw new JsonSyntaxError(at);
      at = skipSpace(body, at + 1);
      yield;
    }
    if (isArray) reader.end = at + 1;
    expectEnd(body, reader.end);
    if (!isArray) throw new Problem("malformed_json", "A batch must be a JSON array.");
    return events;
  } catch (error) {
    throw toMalformed(error);
  }
}

/** Scans envelopes: checks all of their JSON, and remembers where the members lie that are wanted. */
class EventReader extends JsonScanner {
  /** Offset behind the value that was read last. */
  end = 0;
  readonly #names: Names;
  readonly #pauses: boolean;
  #fields: Record<string, unknown> = {};
  #payload: PayloadSpan | undefined;
  #notes: Map<string, "repeated" | "other case"> | undefined;

  constructor(bytes: Buffer, names: Names, pauses: boolean) {
    super(bytes);
    this.#names = names;
    this.#pauses = pauses;
  }

  /**
   * Reads the event that starts at `at`.
   *
   * @param own the event's own bytes, from `from` on; those of its object where there are none else
   */
  *read(at: number, own?: Buffer, from = at): Steps<EventBytes | Problem> {
    this.unfit = undefined;
    this.hasHugeNumber = false;
    this.#fields = {};
    this.#payload = undefined;
    this.#notes = undefined;
    const isObject = this.bytes[at] === OPEN_OBJECT;
    if (isObject) yield* this.#readMembers(at, from);
    else yield* this.check(at);
    const bytes = own ?? this.bytes.subarray(at, this.end);
    if (!own && !isUtf8(bytes)) return notUtf8(bytes);
    if (this.unfit) return toProblem(this.unfit, from);
    if (!isObject) {
      const hint = this.bytes[at] === OPEN_ARRAY ? "; /events/batch takes an array of them, as application/json" : "";
      return new Problem("malformed_json", `An event must be a JSON object${hint}.`);
    }
    const fields = this.#fields as Fields;
    return { bytes, open: at + 1 - from, fields, payload: this.#payload, notes: this.#notes ?? NO_NOTES };
  }

  /** Checks the value that starts at `at`, of which nothing is wanted. */
  *check(at: number): Steps<void> {
    if (this.#pauses) this.pauseAfter(at);
    for (this.end = this.skipValue(at, 0); this.end === PAUSED; this.end = this.resumeSkip()) yield;
  }

  *#readMembers(start: number, from: number): Steps<void> {
    const { bytes } = this;
    let at = skipSpace(bytes, start + 1);
    if (this.#pauses) this.pauseAfter(at);
    if (bytes[at] === CLOSE_OBJECT) {
      this.end = at + 1;
      return;
    }
    for (;;) {
      if (bytes[at] !== QUOTE) throw new JsonSyntaxError(at);
      const keyStart = at + 1;
      at = this.skipString(at);
      const index = this.#names.find(bytes, keyStart, at - 1, this.isPlain);
      const value = this.skipColon(at);
      const { values } = this;
      at = this.skipValue(value, 1);
      while (at === PAUSED) {
        yield;
        at = this.resumeSkip();
      }
      if (index >= 0) this.#take(this.#names.exact[index] as string, value, at, from, this.values - values - 1);
      else if (index !== NOT_FOUND) this.#note(this.#names.exact[-2 - index] as string, "other case");
      at = skipSpace(bytes, at);
      if (bytes[at] === CLOSE_OBJECT) break;
      if (bytes[at] !== COMMA) throw new JsonSyntaxError(at);
      at = skipSpace(bytes, at + 1);
      if (at > this.pauseAt) {
        yield;
        this.pauseAfter(at);
      }
    }
    this.end = at + 1;
  }

  #take(name: string, start: number, end: number, from: number, values: number): void {
    if (this.#fields[name] !== undefined) this.#note(name, "repeated");
    this.#fields[name] = this.#toValue(start, end);
    if (name !== "payload") return;
    const { hasHugeNumber } = this;
    const isObject = this.bytes[start] === OPEN_OBJECT;
    this.#payload = isObject ? { start: start - from, end: end - from, values, hasHugeNumber } : undefined;
  }

  /** Of the value that was skipped last. */
  #toValue(start: number, end: number): unknown {
    const { bytes } = this;
    switch (bytes[start]) {
      case QUOTE:
        if (this.isPlain) return bytes.toString("latin1", start + 1, end - 1);
        return JSON.parse(bytes.toString("utf8", start, end));
      case OPEN_OBJECT:
        return {};
      case OPEN_ARRAY:
        return [];
      case 0x6e:
        return null;
      case 0x74:
        return true;
      case 0x66:
        return false;
      default:
        return 0;
    }
  }

  #note(name: string, kind: "repeated" | "other case"): void {
    this.#notes ??= new Map();
    if (!this.#notes.has(name)) this.#notes.set(name, kind);
  }
}

function toMalformed(error: unknown): unknown {
  return error instanceof JsonSyntaxError ? new Problem("malformed_json", `${error.message}.`) : error;
}

function notUtf8(bytes: Buffer): Problem {
  return new Problem("malformed_json", `The event is not well-formed UTF-8 at position ${findInvalidUtf8(bytes)}.`);
}

function toProblem({ kind, position }: Unfit, from: number): Problem {
  const fault =
    kind === "too deep"
      ? `nests deeper than ${MAX_DEPTH}`
      : "has an unpaired surrogate, which consumers' parsers refuse,";
  return new Problem("malformed_json", `The event ${fault} at position ${position - from}.`);
}
