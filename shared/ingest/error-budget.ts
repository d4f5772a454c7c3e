import { MAX_BATCH_ERRORS, MAX_WARNINGS } from "../events/limits.ts";
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
