import * as v from "valibot";
import { findEvent } from "../../../../shared/events/registry.ts";

/** What is wrong with an event that is being written. */
export interface Fault {
  /** Names of members and places in arrays, joined by dots; empty for the whole. */
  readonly path: string;
  readonly message: string;
  /** Whether the event is accepted all the same. */
  readonly isWarning: boolean;
}

/**
 * Checks an event, or each of an array, as its function will: by the registry's own schemas.
 *
 * @param text JSON, or what is about to become JSON
 */
export function checkEvent(text: string): Fault[] {
  let event: unknown;
  try {
    event = JSON.parse(text);
  } catch (error) {
    return [toFault("", (error as Error).message)];
  }
  if (!Array.isArray(event)) return checkOne(event);
  if (event.length === 0) return [toFault("", "A batch holds 1 to 1,000 events")];
  return event.flatMap((each, index) =>
    checkOne(each).map((fault) => ({ ...fault, path: fault.path === "" ? String(index) : `${index}.${fault.path}` })),
  );
}

function checkOne(event: unknown): Fault[] {
  if (typeof event !== "object" || event === null || Array.isArray(event)) {
    return [toFault("", "An event must be a JSON object")];
  }
  const type = "event_type" in event ? event.event_type : undefined;
  if (type === undefined || type === null || type === "") return [toFault("event_type", "is required")];
  const found = typeof type === "string" ? findEvent(type) : undefined;
  if (!found) return [toFault("event_type", "is no type that a function takes")];
  const { issues = [] } = v.safeParse(found.event.schema, event);
  const faults = issues.map((issue) =>
    toFault(v.getDotPath(issue) ?? "", issue.received === "undefined" ? "is required" : issue.message),
  );
  return [...faults, ...checkPayload(found.event, "payload" in event ? event.payload : undefined)];
}

function checkPayload(
  { payload: schema, enforce }: NonNullable<ReturnType<typeof findEvent>>["event"],
  payload: unknown,
) {
  if (!schema || typeof payload !== "object" || payload === null) return [];
  const { issues = [] } = v.safeParse(schema, payload);
  return issues.map((issue) => toFault(`payload.${v.getDotPath(issue) ?? ""}`, toWords(issue), !enforce));
}

/** valibot's own texts repeat the value; these are the rule. */
function toWords({
  kind,
  type,
  expected,
  received,
  requirement,
}: v.BaseIssue<unknown> & { readonly requirement?: unknown }): string {
  if (received === "undefined") return "is required";
  if (kind === "schema") return `must be ${toTypeName(type)}`;
  const rules: Readonly<Record<string, string>> = {
    min_value: `must be at least ${requirement}`,
    max_value: `must be at most ${requirement}`,
    min_length: requirement === 1 ? "must not be empty" : `must have at least ${requirement}`,
    max_length: `must have at most ${requirement}`,
    integer: "must be a whole number",
    regex: `must match ${requirement}`,
  };
  return rules[type] ?? `must be ${expected ?? type}`;
}

function toTypeName(type: string): string {
  const names: Readonly<Record<string, string>> = {
    string: "a string",
    number: "a number",
    boolean: "true or false",
    array: "an array",
    loose_object: "an object",
    object: "an object",
    record: "an object",
  };
  return names[type] ?? type.replaceAll("_", " ");
}

function toFault(path: string, message: string, isWarning = false): Fault {
  return { path, message, isWarning };
}
