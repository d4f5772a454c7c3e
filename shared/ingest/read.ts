import { isUtf8 } from "node:buffer";
import { MAX_DEPTH } from "../events/limits.ts";
import { Problem } from "../http/problem.ts";
import { findInvalidUtf8, JsonScanner, PAUSED } from "./json.ts";
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  expectEnd,
  malformedAt,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  skipComma,
  skipSpace,
  type Unfit,
} from "./json-tokens.ts";
import { type Names, NOT_FOUND } from "./names.ts";
import type { Steps } from "./time-slice.ts";

/** One event's own bytes, and what the scan found in them. */
export interface EventBytes {
  /** The event as the caller sent it: one JSON object, perhaps with white space around it. */
  readonly bytes: Buffer;
  /** What the schemas of envelopes name. Strings are themselves, anything else is a stand-in of its JSON type. */
  readonly fields: Fields;
  /** Undefined where the payload is no object. */
  readonly payload: PayloadSpan | undefined;
  readonly notes: Notes;
}

/** The fields of an envelope by their names; undefined where one is absent, of a repeated one the last. */
export type Fields = Readonly<Record<string, unknown>>;

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

/** Bytes above which an event is worked on in time slices. */
export const LARGE_BYTES = 64 * 1024;

/**
 * Reads one event.
 *
 * @param bytes the event's own bytes, perhaps with white space around it
 * @param names of the fields that are wanted
 * @throws {Problem} malformed_json
 */
export function* readEvent(bytes: Buffer, names: Names): Steps<EventBytes> {
  if (!isUtf8(bytes)) throw notUtf8(bytes);
  const reader = new EventReader(bytes, names);
  const event = reader.read(skipSpace(bytes, 0), bytes) ?? (yield* finish(reader));
  expectEnd(bytes, reader.end);
  if (event instanceof Problem) throw event;
  return event;
}

/**
 * Reads the events of a JSON array, in one scan.
 *
 * @param most events; what comes behind one more is not looked at
 * @returns the events in order, or what is wrong with one
 * @throws {Problem} malformed_json when the body is no JSON array
 */
export function* readEvents(body: Buffer, names: Names, most: number): Steps<(EventBytes | Problem)[]> {
  const reader = new EventReader(body, names);
  const events: (EventBytes | Problem)[] = [];
  let at = skipSpace(body, 0);
  if (body[at] !== OPEN_ARRAY) {
    if (!reader.read(at)) yield* finish(reader);
    expectEnd(body, reader.end);
    throw new Problem("malformed_json", "A batch must be a JSON array.");
  }
  at = skipSpace(body, at + 1);
  while (body[at] !== CLOSE_ARRAY && events.length <= most) {
    if (events.length > 0) at = skipComma(body, at);
    events.push(reader.read(at) ?? (yield* finish(reader)));
    at = skipSpace(body, reader.end);
  }
  if (events.length <= most) expectEnd(body, at + 1);
  return events;
}

/** Goes on with an event in the middle of which the scan has paused. */
function* finish(reader: EventReader): Steps<EventBytes | Problem> {
  for (;;) {
    yield;
    const event = reader.resume();
    if (event) return event;
  }
}

/** What stands for a value that is no string, by its first byte; for a number 0. */
const standIns: Readonly<Record<number, unknown>> = {
  [OPEN_OBJECT]: {},
  [OPEN_ARRAY]: [],
  110: null,
  116: true,
  102: false,
};

/** No member's value is being scanned. */
const NONE = -1;

/** Scans envelopes: checks all of their JSON, and remembers where the members lie that are wanted. */
class EventReader extends JsonScanner {
  /** Offset behind the value that was read last. */
  end = 0;
  readonly #names: Names;
  /** Where the event starts. */
  #start = 0;
  /** All bytes, where they are the event's own. */
  #own: Buffer | undefined;
  /** Offset of the event's own bytes: what is found in it counts from there. */
  #from = 0;
  /** Where the next member begins. */
  #at = 0;
  /** Of the member whose value is being scanned: the index of its name, and where it starts. */
  #index = 0;
  #value = NONE;
  #fields: Record<string, unknown> = {};
  #payload: PayloadSpan | undefined;
  #notes: Map<string, "repeated" | "other case"> | undefined;

  constructor(bytes: Buffer, names: Names) {
    super(bytes);
    this.#names = names;
    this.pauseAfter(0);
  }

  /**
   * Reads the event that starts at `at`.
   *
   * @param own all bytes, where they are the event's own
   * @returns undefined where the scan has paused: {@link resume} goes on
   * @throws {Problem} malformed_json
   */
  read(at: number, own?: Buffer): EventBytes | Problem | undefined {
    this.unfit = undefined;
    this.hasHugeNumber = false;
    this.#start = at;
    this.#own = own;
    this.#from = own ? 0 : at;
    this.#fields = {};
    this.#payload = undefined;
    this.#notes = undefined;
    if (this.bytes[at] !== OPEN_OBJECT) return this.#finish(this.skipValue(at, 0));
    this.#at = skipSpace(this.bytes, at + 1);
    return this.#finish(this.bytes[this.#at] === CLOSE_OBJECT ? this.#at + 1 : this.#readMembers());
  }

  /** Goes on where {@link read} has paused. @returns as that */
  resume(): EventBytes | Problem | undefined {
    if (this.#value === NONE) this.pauseAfter(this.#at);
    return this.#finish(this.bytes[this.#start] === OPEN_OBJECT ? this.#readMembers() : this.resumeSkip());
  }

  #finish(end: number): EventBytes | Problem | undefined {
    if (end === PAUSED) return undefined;
    this.end = end;
    const bytes = this.#own ?? this.bytes.subarray(this.#start, end);
    if (!this.#own && !isUtf8(bytes)) return notUtf8(bytes);
    if (this.unfit) return toProblem(this.unfit, this.#from);
    const first = this.bytes[this.#start];
    if (first === OPEN_OBJECT) {
      return { bytes, fields: this.#fields, payload: this.#payload, notes: this.#notes ?? NO_NOTES };
    }
    const hint = first === OPEN_ARRAY ? "; /events/batch takes an array of them, as application/json" : "";
    return new Problem("malformed_json", `An event must be a JSON object${hint}.`);
  }

  /** Reads members from {@link #at} on, or from the value on in the middle of which it has paused. */
  #readMembers(): number {
    const { bytes } = this;
    for (;;) {
      let end: number;
      if (this.#value === NONE) {
        const key = this.#at;
        if (key > this.pauseAt) return PAUSED;
        if (bytes[key] !== QUOTE) throw malformedAt(key);
        const behind = this.skipString(key);
        this.#index = this.#names.find(bytes, key + 1, behind - 1, this.isPlain);
        this.#value = this.skipColon(behind);
        this.values = 0;
        end = this.skipValue(this.#value, 1);
      } else end = this.resumeSkip();
      if (end === PAUSED) return PAUSED;
      const index = this.#index;
      if (index >= 0) this.#take(this.#names.exact[index] as string, this.#value, end);
      else if (index !== NOT_FOUND) this.#note(this.#names.exact[-2 - index] as string, "other case");
      this.#value = NONE;
      end = skipSpace(bytes, end);
      if (bytes[end] === CLOSE_OBJECT) return end + 1;
      this.#at = skipComma(bytes, end);
    }
  }

  #take(name: string, start: number, end: number): void {
    if (this.#fields[name] !== undefined) this.#note(name, "repeated");
    this.#fields[name] = this.#toValue(start, end);
    if (name !== "payload") return;
    const { hasHugeNumber } = this;
    // The payload is one of those that were counted.
    const span = { start: start - this.#from, end: end - this.#from, values: this.values - 1, hasHugeNumber };
    this.#payload = this.bytes[start] === OPEN_OBJECT ? span : undefined;
  }

  /** Of the value that was skipped last. */
  #toValue(start: number, end: number): unknown {
    const { bytes } = this;
    const first = bytes[start] as number;
    if (first !== QUOTE) return first in standIns ? standIns[first] : 0;
    if (this.isPlain) return bytes.toString("latin1", start + 1, end - 1);
    return JSON.parse(bytes.toString("utf8", start, end));
  }

  #note(name: string, kind: "repeated" | "other case"): void {
    this.#notes ??= new Map();
    if (!this.#notes.has(name)) this.#notes.set(name, kind);
  }
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
