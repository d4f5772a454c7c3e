import { findEvent } from "../events/registry.ts";
import { type FieldError, Problem } from "../http/problem.ts";
import type { ErrorBudget } from "./error-budget.ts";
import type { Contract } from "./projection/contract.ts";
import { judge } from "./projection/faults.ts";
import { Projected } from "./projection/projected.ts";
import type { EventBytes } from "./read-event.ts";
import { toWarnings, type Warnings } from "./warnings.ts";

/** An event type in an answer is cut here: it is the one value of a request that an answer repeats. */
const LONGEST_ECHO = 64;

/** Fields that stand twice, or under a name that differs by case. */
export type Notes = ReadonlyMap<string, "repeated" | "other case">;

/** What the registry says of an event. */
export interface Verdict {
  /** Why the event is refused. */
  readonly problem: Problem | undefined;
  /** What is wrong with its payload, where that is only reported. */
  readonly warnings: Warnings | undefined;
}

/** An event that its schema accepts; of its fields, those that the producer itself works with. */
export interface ValidEvent extends EventBytes {
  readonly fields: {
    readonly event_type: string;
    readonly user_id: string;
    readonly event_id: string | undefined;
    readonly timestamp: string | undefined;
  };
}

/**
 * Checks one event against the registry.
 *
 * @throws {Problem} missing_event_type, unknown_event_type, wrong_function, or invalid_event with every fault at once
 */
export function validateEvent(event: EventBytes): ValidEvent {
  if (event.verdict.problem) throw event.verdict.problem;
  return event as ValidEvent;
}

/**
 * Judges the projection of one event.
 *
 * @param contract that of the function that was called
 * @param budget of the faults that the answer to a batch lists; an event alone lists all
 */
export function judgeEvent(envelope: Projected, notes: Notes, contract: Contract, budget?: ErrorBudget): Verdict {
  const type = envelope.get("event_type");
  const compiled = contract.find(type);
  if (!compiled && !notes.has("event_type")) return { problem: toTypeProblem(type), warnings: undefined };
  let faults = judge(compiled?.envelope ?? contract.bare, envelope, "");
  if (notes.size > 0) faults = withNotes(faults, notes);
  const payload = envelope.get("payload");
  // With event_type given twice, the payload may have been read for the other type.
  const isJudged = compiled?.payload && payload instanceof Projected && !notes.has("event_type");
  const broken = isJudged ? judge(compiled.payload, payload, "payload") : undefined;
  const isEnforced = broken !== undefined && compiled?.isEnforced === true;
  const warnings = broken && !isEnforced ? toWarnings(broken) : undefined;
  if (!faults && !isEnforced) return { problem: undefined, warnings };
  const errors = [...(faults?.values() ?? []), ...(isEnforced ? broken.values() : [])];
  const whose = typeof type === "string" && compiled ? type : "the event";
  return { problem: toInvalid(errors, budget?.list(errors) ?? errors, whose, warnings), warnings };
}

function toTypeProblem(type: unknown): Problem {
  if (type === undefined || type === null || type === "") return new Problem("missing_event_type");
  const found = typeof type === "string" ? findEvent(type) : undefined;
  if (!found) return new Problem("unknown_event_type", `Unknown event_type: ${toEcho(type)}`);
  return new Problem("wrong_function", `${found.event.type} belongs to the function ${found.domain.name}.`);
}

/** Fields that stand twice come first: which of their values was judged is chance. */
function withNotes(faults: Map<string, FieldError> | undefined, notes: Notes): Map<string, FieldError> {
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
