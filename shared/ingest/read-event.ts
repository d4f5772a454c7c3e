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
  PAUSED,
  skipSpace,
  type Unfit,
} from "./json.ts";
import { Contract } from "./projection/contract.ts";
import { type EnvelopeReader, Projector, type Route } from "./projection/project.ts";
import type { Projected } from "./projection/projected.ts";
import type { Turn } from "./turn.ts";
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

/** Bytes above which an event is read in turns. */
export const LARGE_BYTES = 64 * 1024;

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
    const reader = openEvent(bytes, domain, checks, budget);
    const start = skipSpace(bytes, 0);
    return closeEvent(reader, reader.scan(start), start);
  } catch (error) {
    throw toMalformed(error);
  }
}

/** As {@link readEvent}, for a large event: nobody waits for all of it. */
export async function readEventInTurns(
  bytes: Buffer,
  turn: Pick<Turn, "yield">,
  domain: Domain,
  checks: PayloadChecks = "registry",
  budget?: ErrorBudget,
): Promise<EventBytes> {
  try {
    const reader = openEvent(bytes, domain, checks, budget);
    reader.pausesOften = true;
    const start = skipSpace(bytes, 0);
    const envelope = reader.scan(start);
    return closeEvent(reader, reader.end === PAUSED ? await finish(reader, turn) : envelope, start);
  } catch (error) {
    throw toMalformed(error);
  }
}

function openEvent(bytes: Buffer, domain: Domain, checks: PayloadChecks, budget: ErrorBudget | undefined): EventReader {
  if (!isUtf8(bytes)) throw notUtf8(bytes);
  return new EventReader(bytes, findContract(domain, checks), budget);
}

function closeEvent(reader: EventReader, envelope: Projected | undefined, start: number): EventBytes {
  const { bytes, end } = reader;
  expectEnd(bytes, end);
  const event = reader.toEvent(envelope, bytes, start, start);
  if (event instanceof Problem) throw event;
  return event;
}

/** Goes on with a scan that has paused, in as many turns as it needs. */
async function finish(reader: EventReader, turn: Pick<Turn, "yield">): Promise<Projected | undefined> {
  for (;;) {
    const pause = turn.yield();
    if (pause) await pause;
    const envelope = reader.resume() as Projected | undefined;
    if (reader.end !== PAUSED) return envelope;
  }
}

/**
 * Reads the events of a JSON array, in one scan: each event's bytes are seen once, and its projection is gone before the
 * next one's is made.
 *
 * @param limit elements after which events are no longer read, but only checked
 * @param turn the batch's
 * @returns the events in order, or what is wrong with one
 * @throws {Problem} malformed_json when the body is no JSON array
 */
export async function readEvents(
  body: Buffer,
  domain: Domain,
  limit: number,
  turn: Turn,
  checks: PayloadChecks = "registry",
): Promise<(EventBytes | Problem)[]> {
  try {
    const reader = new EventReader(body, findContract(domain, checks), new ErrorBudget());
    reader.pausesOften = true;
    const start = skipSpace(body, 0);
    if (body[start] !== OPEN_ARRAY) {
      reader.check(start);
      if (reader.end === PAUSED) await finish(reader, turn);
      expectEnd(body, reader.end);
      throw new Problem("malformed_json", "A batch must be a JSON array.");
    }
    const events: (EventBytes | Problem)[] = [];
    let at = skipSpace(body, start + 1);
    if (body[at] !== CLOSE_ARRAY) {
      for (;;) {
        const isRead = events.length < limit;
        let envelope = isRead ? reader.scan(at) : reader.check(at);
        if (reader.end === PAUSED) envelope = await finish(reader, turn);
        if (isRead) events.push(takeEvent(reader, envelope, at));
        at = skipSpace(body, reader.end);
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

/** @returns the event of an array that was scanned last */
function takeEvent(reader: EventReader, envelope: Projected | undefined, at: number): EventBytes | Problem {
  const bytes = reader.bytes.subarray(at, reader.end);
  return isUtf8(bytes) ? reader.toEvent(envelope, bytes, at, 0) : notUtf8(bytes);
}

/** Scans envelopes; the event's type, once it has come by, says what to read of the payload. */
class EventReader extends Projector implements EnvelopeReader {
  readonly #contract: Contract;
  readonly #budget: ErrorBudget | undefined;
  #notes: Map<string, "repeated" | "other case"> | undefined;
  /** Whether a scan pauses; {@link finish} goes on with it. */
  pausesOften = false;

  constructor(bytes: Buffer, contract: Contract, budget: ErrorBudget | undefined) {
    super(bytes);
    this.#contract = contract;
    this.#budget = budget;
  }

  /** Scans the value at `at`. @returns its envelope, or undefined when it is no object */
  scan(at: number): Projected | undefined {
    if (this.bytes[at] !== OPEN_OBJECT) return this.check(at);
    this.#start(at);
    return this.projectObject(at, this.#contract.members, 0, false, this);
  }

  /** Scans the value at `at` without reading anything of it. */
  check(at: number): undefined {
    this.#start(at);
    return this.skip(at, 0, undefined);
  }

  #start(at: number): void {
    this.unfit = undefined;
    this.#notes = undefined;
    if (this.pausesOften) this.pauseAfter(at);
  }

  /**
   * Makes an event of the envelope that was scanned last.
   *
   * @param at where it starts in what is scanned, and in its own bytes
   */
  toEvent(envelope: Projected | undefined, bytes: Buffer, at: number, start: number): EventBytes | Problem {
    this.pauseNever();
    if (this.unfit) return toProblem(this.unfit, at - start);
    if (!envelope) {
      const hint = this.bytes[at] === OPEN_ARRAY ? "; /events/batch takes an array of them, as application/json" : "";
      return new Problem("malformed_json", `An event must be a JSON object${hint}.`);
    }
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
