import { isUtf8 } from "node:buffer";
import type { Domain } from "../events/domain.ts";
import { Problem } from "../http/problem.ts";
import { type EventBytes, scanEnvelope } from "./envelope-reader.ts";
import { expectEnd, JsonSyntaxError, OPEN_ARRAY, skipSpace, skipValue, walkContainer } from "./json.ts";

/** The names of all fields that a schema of the domain knows: what is read of an event, the rest is only checked. */
const knownFields = new WeakMap<Domain, readonly string[]>();

/**
 * Reads one event.
 *
 * @param bytes the event's own bytes, perhaps with white space around it
 * @param domain says which fields are wanted
 * @throws {Problem} malformed_json
 */
export function readEvent(bytes: Buffer, domain: Domain): EventBytes {
  return withProblems(() => {
    if (!isUtf8(bytes)) throw notUtf8();
    const start = skipSpace(bytes, 0);
    const { fields, end } = scanEnvelope(bytes, start, fieldsOf(domain));
    expectEnd(bytes, end);
    if (!fields) throw notAnObject();
    return { bytes, open: start + 1, fields };
  });
}

/**
 * Reads the events of a JSON array, in one scan: each event's bytes are seen once.
 *
 * @param limit elements after which events are no longer read, but only checked
 * @returns the events in order, or what is wrong with one
 * @throws {Problem} malformed_json when the body is no JSON array
 */
export function readEvents(body: Buffer, domain: Domain, limit: number): (EventBytes | Problem)[] {
  return withProblems(() => {
    const wanted = fieldsOf(domain);
    const events: (EventBytes | Problem)[] = [];
    const readNext = (_: Uint8Array, at: number) => {
      if (events.length === limit) return skipValue(body, at);
      const { fields, end } = scanEnvelope(body, at, wanted);
      events.push(toEvent(body.subarray(at, end), fields));
      return end;
    };
    const start = skipSpace(body, 0);
    const isArray = body[start] === OPEN_ARRAY;
    expectEnd(body, isArray ? walkContainer(body, start, () => {}, readNext) : skipValue(body, start));
    if (!isArray) throw new Problem("malformed_json", "A batch must be a JSON array.");
    return events;
  });
}

function toEvent(bytes: Buffer, fields: EventBytes["fields"] | undefined): EventBytes | Problem {
  if (!isUtf8(bytes)) return notUtf8();
  return fields ? { bytes, open: 1, fields } : notAnObject();
}

function withProblems<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw new Problem("malformed_json", `${error.message}.`);
    throw error;
  }
}

function notUtf8(): Problem {
  return new Problem("malformed_json", "The event is not well-formed UTF-8.");
}

function notAnObject(): Problem {
  return new Problem("malformed_json", "An event must be a JSON object.");
}

function fieldsOf(domain: Domain): readonly string[] {
  let fields = knownFields.get(domain);
  if (!fields) {
    fields = [...new Set(Object.values(domain.events).flatMap((event) => Object.keys(event.schema.entries)))];
    knownFields.set(domain, fields);
  }
  return fields;
}
