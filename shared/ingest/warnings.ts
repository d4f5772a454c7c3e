import { MAX_ATTRIBUTE_BYTES, MAX_BATCH_ERRORS, MAX_WARNINGS } from "../events/limits.ts";
import type { FieldError } from "../http/problem.ts";

/**
 * How many faults the answer to one batch lists. An event alone lists all that it has, as its schema bounds them; of a
 * thousand events that each have a thousand, the answer would be fifty times the body.
 */
export class ErrorBudget {
  #left = MAX_BATCH_ERRORS;

  /** @returns those of an event's faults that the answer lists */
  list(errors: readonly FieldError[]): readonly FieldError[] {
    const listed = errors.length > this.#left ? errors.slice(0, MAX_WARNINGS) : errors;
    this.#left -= listed.length;
    return listed;
  }
}

/** What is wrong with the payload of an event that is accepted all the same. */
export interface Warnings {
  /** What an answer says. */
  readonly members: WarningMembers;
  /** The attribute `payload_faults`. */
  readonly paths: string;
}

/** The members of an answer. */
export interface WarningMembers {
  readonly warnings: readonly FieldError[];
  readonly warnings_omitted?: number;
}

/** @param faults by their path, in the schema's order; at least one */
export function toWarnings(faults: ReadonlyMap<string, FieldError>): Warnings {
  const all = [...faults.values()];
  const omitted = all.length - MAX_WARNINGS;
  return {
    members: { warnings: all.slice(0, MAX_WARNINGS), ...(omitted > 0 && { warnings_omitted: omitted }) },
    paths: joinPaths(faults.keys()),
  };
}

/** Whole paths only. A message with faults always has the attribute, if only with the first path. */
function joinPaths(paths: Iterable<string>): string {
  let joined = "";
  for (const path of paths) {
    const longer = joined === "" ? path : `${joined} ${path}`;
    if (Buffer.byteLength(longer) > MAX_ATTRIBUTE_BYTES) break;
    joined = longer;
  }
  return joined === "" ? "payload" : joined;
}
