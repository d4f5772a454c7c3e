import * as v from "valibot";
import { findEvent } from "../../../../shared/events/registry.ts";

/** What is wrong with an event that is being written. */
export interface Fault {
  /** The top-level member; empty for the whole. */
  readonly path: string;
  readonly message: string;
}

/**
 * Checks an event as its function will: by the registry's own schema.
 *
 * @param text JSON, or what is about to become JSON
 */
export function checkEvent(text: string): Fault[] {
  let event: unknown;
  try {
    event = JSON.parse(text);
  } catch (error) {
    return [{ path: "", message: (error as Error).message }];
  }
  if (typeof event !== "object" || event === null || Array.isArray(event)) {
    return [{ path: "", message: "An event must be a JSON object" }];
  }
  const type = "event_type" in event ? event.event_type : undefined;
  if (type === undefined || type === null || type === "") return [{ path: "event_type", message: "is required" }];
  const found = typeof type === "string" ? findEvent(type) : undefined;
  if (!found) return [{ path: "event_type", message: "is no type that a function takes" }];
  const { issues = [] } = v.safeParse(found.event.schema, event);
  return issues.map((issue) => ({
    path: v.getDotPath(issue) ?? "",
    message: issue.received === "undefined" ? "is required" : issue.message,
  }));
}
