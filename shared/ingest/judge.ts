import { type Faults, listFaults } from "../events/judging/faults.ts";
import { prepare } from "../events/judging/prepare.ts";
import { MAX_PAYLOAD_VALUES } from "../events/limits.ts";
import { findEvent } from "../events/registry.ts";
import { INVALID, TOO_MANY_VALUES } from "../events/words.ts";
import { type FieldError, Problem } from "../http/problem.ts";
import { bare, type Contract, type PreparedEvent } from "./contract.ts";
import type { EventBytes, Fields, Notes, PayloadSpan } from "./read.ts";
import { type ErrorBudget, toWarnings, type Warnings } from "./warnings.ts";

/** An event type in an answer is cut here: it is the one value of a request that an answer repeats. */
const LONGEST_ECHO = 64;

/** An event that its schema accepts. */
export interface ValidEvent extends EventBytes {
  readonly fields: Fields & {
    readonly event_type: string;
    readonly user_id: string;
    readonly event_id: string | undefined;
    readonly timestamp: string | undefined;
  };
}

/** What the registry says of an event. */
export interface Verdict {
  /** Why the event is refused. */
  readonly problem: Problem | undefined;
  /** What is wrong with its payload, where that is only reported. */
  readonly warnings: Warnings | undefined;
}

/**
 * Judges one event by the registry.
 *
 * @param contract that of the function that was called
 * @param budget of the faults that the answer to a batch lists; an event alone lists all
 * @returns with the problem missing_event_type, unknown_event_type, wrong_function, or invalid_event with every fault at once
 */
export function judge(event: EventBytes, contract: Contract, budget?: ErrorBudget): Verdict {
  const { fields, notes } = event;
  const type = fields.event_type;
  const known = contract.find(type);
  if (!known && !notes.has("event_type")) return { problem: toTypeProblem(type), warnings: undefined };
  let faults = listFaults(known?.envelope ?? prepare(bare), fields, "");
  if (notes.size > 0) faults = withNotes(faults, notes);
  // With event_type given twice, the payload may be of the other type; with payload twice, it may be the other one.
  const broken =
    known && !notes.has("event_type") && notes.get("payload") !== "repeated" ? judgePayload(event, known) : undefined;
  const isEnforced = broken !== undefined && known?.isEnforced === true;
  const warnings = broken && !isEnforced ? toWarnings(broken) : undefined;
  if (!faults && !isEnforced) return { problem: undefined, warnings };
  const errors = [...(faults?.values() ?? []), ...(isEnforced ? broken.values() : [])];
  return { problem: toInvalid(errors, budget?.list(errors) ?? errors, known?.type ?? "the event", warnings), warnings };
}

function judgePayload({ bytes, payload }: EventBytes, { payload: schema }: PreparedEvent): Faults | undefined {
  if (!schema || !payload) return undefined;
  if (payload.values > MAX_PAYLOAD_VALUES) return toFault(TOO_MANY_VALUES);
  try {
    return listFaults(schema, parse(bytes, payload), "payload");
  } catch {
    // Such as a `lazy` that has no end.
    return toFault(INVALID);
  }
}

function toFault(message: string): Faults {
  return new Map([["payload", { path: "payload", message }]]);
}

/** A number beyond a double's range becomes NaN, which no schema takes for a number. */
function parse(bytes: Buffer, { start, end, hasHugeNumber }: PayloadSpan): unknown {
  const text = bytes.toString("utf8", start, end);
  if (!hasHugeNumber) return JSON.parse(text);
  return JSON.parse(text, (_, value) => (typeof value === "number" && !Number.isFinite(value) ? Number.NaN : value));
}

function toTypeProblem(type: unknown): Problem {
  if (type === undefined || type === null || type === "") return new Problem("missing_event_type");
  const found = typeof type === "string" ? findEvent(type) : undefined;
  if (!found) return new Problem("unknown_event_type", `Unknown event_type: ${toEcho(type)}`);
  return new Problem("wrong_function", `${found.event.type} belongs to the function ${found.domain.name}.`);
}

/** Fields that stand twice come first: which of their values was judged is chance. */
function withNotes(faults: Faults | undefined, notes: Notes): Faults {
  const noted = [...notes].map(([path, kind]): [string, FieldError] => {
    const message =
      kind === "repeated" ? "must stand only once" : "must not stand there under a name that differs by case";
    return [path, { path, message }];
  });
  return new Map([...noted, ...[...(faults ?? [])].filter(([path]) => !notes.has(path))]);
}

function toInvalid(
  all: readonly FieldError[],
  listed: readonly FieldError[],
  whose: string,
  warnings: Warnings | undefined,
): Problem {
  const omitted = all.length - listed.length;
  const rest = omitted > 0 ? `; the first ${listed.length} are listed` : "";
  return new Problem("invalid_event", `${all.length} field(s) of ${whose} are missing or invalid${rest}.`, {
    errors: listed,
    ...(omitted > 0 && { errorsOmitted: omitted }),
    ...(warnings && { warnings: warnings.members }),
  });
}

function toEcho(type: unknown): string {
  if (typeof type !== "string") return "(not a string)";
  const shown = type.length > LONGEST_ECHO ? `${type.slice(0, LONGEST_ECHO).toWellFormed()}…` : type;
  // A blank at the end would be seen by nobody.
  return /^\s|\s$/.test(type) ? `"${shown}"` : shown;
}
