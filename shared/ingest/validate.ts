import * as v from "valibot";
import type { Domain } from "../events/domain.ts";
import { findEvent } from "../events/registry.ts";
import { type FieldError, Problem } from "../http/problem.ts";
import type { EventBytes } from "./envelope-reader.ts";

/** An event type in an answer is cut here: it is the one value of a request that an answer repeats. */
const LONGEST_ECHO = 64;

/** An event that its schema accepts; of its fields, those that the producer itself works with. */
export interface ValidEvent extends EventBytes {
  readonly fields: Readonly<Record<string, unknown>> & {
    readonly event_type: string;
    readonly user_id: string;
    readonly event_id?: string;
    readonly timestamp?: string;
  };
}

/**
 * Checks one event against the registry.
 *
 * @param domain the domain of the function that was called
 * @throws {Problem} missing_event_type, unknown_event_type, wrong_function, or invalid_event with every fault at once
 */
export function validateEvent(event: EventBytes, domain: Domain): ValidEvent {
  const type = event.fields.event_type;
  if (type === undefined || type === null || type === "") {
    throw new Problem("missing_event_type", "Missing required field: event_type");
  }
  const found = typeof type === "string" ? findEvent(type) : undefined;
  if (!found) throw new Problem("unknown_event_type", `Unknown event_type: ${toEcho(type)}`);
  if (found.domain.name !== domain.name) {
    throw new Problem("wrong_function", `${found.event.type} belongs to the function ${found.domain.name}.`);
  }
  const { issues } = v.safeParse(found.event.schema, event.fields);
  if (issues) {
    throw new Problem("invalid_event", `${issues.length} field(s) of ${found.event.type} are missing or invalid.`, {
      errors: issues.map(toFieldError),
    });
  }
  return event as ValidEvent;
}

function toFieldError(issue: v.BaseIssue<unknown>): FieldError {
  // Only the path and our own messages: an issue also holds the rejected value, and valibot's default text repeats it.
  return { path: v.getDotPath(issue) ?? "", message: issue.received === "undefined" ? "is required" : issue.message };
}

function toEcho(type: unknown): string {
  if (typeof type !== "string") return "(not a string)";
  return type.length > LONGEST_ECHO ? `${type.slice(0, LONGEST_ECHO).toWellFormed()}…` : type;
}
