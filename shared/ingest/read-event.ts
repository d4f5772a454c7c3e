import { isUtf8 } from "node:buffer";
import type { PayloadChecks } from "../config.ts";
import type { Domain } from "../events/domain.ts";
import { MAX_DEPTH } from "../events/limits.ts";
import { Problem } from "../http/problem.ts";
import { ErrorBudget } from "./error-budget.ts";
import { findInvalidUtf8 } from "./invalid-utf8.ts";
import {
  CLOSE_ARRAY,
  COMMA,
  expectEnd,
  JsonSyntaxError,
  OPEN_ARRAY,
  OPEN_OBJECT,
  skipSpace,
  type Unfit,
} from "./json.ts";
import { Contract } from "./projection/contract.ts";
import { type EnvelopeReader, Projector, type Route } from "./projection/project.ts";
import type { Projected } from "./projection/projected.ts";
import { Turn } from "./turn.ts";
import { judgeEvent, type Notes, type Verdict } from "./validate.ts";

/** One event's own bytes, and what the registry says of them. */
export interface EventBytes {
  /** The event as the caller sent it: one JSON object, perhaps with white space around it. */
  readonly bytes: Buffer;
  /** Offset behind the object's opening brace, where members can be added. */
  readonly open: number;
  /** What the producer itself works with. Strings are themselves, anything else is a stand-in of its JSON type. */
  readonly fields: Fields;
  readonly verdict: Verdict;
}

/** The fields of an envelope that the producer works with; undefined where one is absent. */
export interface Fields {
  readonly event_type: unknown;
  readonly event_id: unknown;
  readonly timestamp: unknown;
  readonly user_id: unknown;
}

/** One function's contract by its domain and mode. */
const contracts = new WeakMap<Domain, Map<PayloadChecks, Contract>>();

function findContract(domain: Domain, checks: PayloadChecks): Contract {
  const byMode = contracts.get(domain) ?? new Map<PayloadChecks, Contract>();
  contracts.set(domain, byMode);
  const contract = byMode.get(checks) ?? new Contract(domain, checks);
  byMode.set(checks, contract);
  return contract;
}

/**
 * Reads one event, and judges it while its projection is at hand.
 *
 * @param bytes the event's own bytes, perhaps with white space around it
 * @param domain that of the function that was called
 * @param checks `PAYLOAD_CHECKS`
 * @param budget of its batch, where it has one
 * @throws {Problem} malformed_json
 */
export function readEvent(
  bytes: Buffer,
  domain: Domain,
  checks: PayloadChecks = "registry",
  budget?: ErrorBudget,
): EventBytes {
  try {
    if (!isUtf8(bytes)) throw notUtf8(bytes);
    const reader = new EventReader(bytes, findContract(domain, checks), budget);
    const start = skipSpace(bytes, 0);
    const envelope = reader.scan(start);
    expectEnd(bytes, reader.end);
    const event = reader.toEvent(envelope, bytes, start, start);
    if (event instanceof Problem) throw event;
    return event;
  } catch (error) {
    throw toMalformed(error);
  }
}

/**
 * Reads the events of a JSON array, in one scan: each event's bytes are seen once, and its projection is gone before the
 * next one's is made.
 *
 * @param limit elements after which events are no longer read, but only checked
 * @returns the events in order, or what is wrong with one
 * @throws {Problem} malformed_json when the body is no JSON array
 */
export async function readEvents(
  body: Buffer,
  domain: Domain,
  limit: number,
  checks: PayloadChecks = "registry",
): Promise<(EventBytes | Problem)[]> {
  try {
    const reader = new EventReader(body, findContract(domain, checks), new ErrorBudget());
    const start = skipSpace(body, 0);
    if (body[start] !== OPEN_ARRAY) {
      expectEnd(body, reader.skipValue(start, 0));
      throw new Problem("malformed_json", "A batch must be a JSON array.");
    }
    const events: (EventBytes | Problem)[] = [];
    const turn = new Turn();
    let at = skipSpace(body, start + 1);
    if (body[at] !== CLOSE_ARRAY) {
      for (;;) {
        at = skipSpace(body, events.length === limit ? reader.skipValue(at, 0) : takeEvent(reader, at, events));
        if (body[at] === CLOSE_ARRAY) break;
        if (body[at] !== COMMA) throw new JsonSyntaxError(at);
        at = skipSpace(body, at + 1);
        const pause = turn.yield();
        if (pause) await pause;
      }
    }
    expectEnd(body, at + 1);
    return events;
  } catch (error) {
    throw toMalformed(error);
  }
}

/** Reads one event of an array. @returns the offset behind it */
function takeEvent(reader: EventReader, at: number, events: (EventBytes | Problem)[]): number {
  const envelope = reader.scan(at);
  const { end } = reader;
  const bytes = reader.bytes.subarray(at, end);
  events.push(isUtf8(bytes) ? reader.toEvent(envelope, bytes, at, 0) : notUtf8(bytes));
  return end;
}

/** Scans envelopes; the event's type, once it has come by, says what to read of the payload. */
class EventReader extends Projector implements EnvelopeReader {
  readonly #contract: Contract;
  readonly #budget: ErrorBudget | undefined;
  #notes: Map<string, "repeated" | "other case"> | undefined;

  constructor(bytes: Buffer, contract: Contract, budget: ErrorBudget | undefined) {
    super(bytes);
    this.#contract = contract;
    this.#budget = budget;
  }

  /** Scans the value at `at`. @returns its envelope, or undefined when it is no object */
  scan(at: number): Projected | undefined {
    this.unfit = undefined;
    this.#notes = undefined;
    if (this.bytes[at] === OPEN_OBJECT) return this.projectObject(at, this.#contract.members, 0, false, this);
    this.end = this.skipValue(at, 0);
    return undefined;
  }

  /**
   * Makes an event of the envelope that was scanned last.
   *
   * @param at where it starts in what is scanned, and in its own bytes
   */
  toEvent(envelope: Projected | undefined, bytes: Buffer, at: number, start: number): EventBytes | Problem {
    if (this.unfit) return toProblem(this.unfit, at - start);
    if (!envelope) return new Problem("malformed_json", "An event must be a JSON object.");
    const verdict = judgeEvent(envelope, this.#notes ?? NO_NOTES, this.#contract, this.#budget);
    return { bytes, open: start + 1, fields: toFields(envelope), verdict };
  }

  route(index: number, envelope: Projected): Route | undefined {
    const { members } = this.#contract;
    if (members.names[index] !== "payload") return members.routes[index];
    const type = envelope.get("event_type");
    if (type === undefined) return undefined;
    return this.#contract.find(type)?.payload?.route ?? members.routes[index];
  }

  note(name: string, kind: "repeated" | "other case"): void {
    this.#notes ??= new Map();
    if (!this.#notes.has(name)) this.#notes.set(name, kind);
  }
}

function toFields(envelope: Projected): Fields {
  return {
    event_type: envelope.get("event_type"),
    event_id: envelope.get("event_id"),
    timestamp: envelope.get("timestamp"),
    user_id: envelope.get("user_id"),
  };
}

const NO_NOTES: Notes = new Map();

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
