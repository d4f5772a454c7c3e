import type { PulseCartEvent } from "./event-unions.ts";

/** One fault of an event: where (`payload.total`), and what is wrong there. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** What every error of an event says. */
export interface EventErrorDetails {
  readonly event_id: string;
  /** Reads the event, with its `event_id`, from the bytes that were to be sent. */
  readonly readEvent: () => unknown;
  readonly cause?: unknown;
}

const MARK = Symbol.for("@pulsecart/events error");

/** What the errors share. `instanceof` knows those of another copy of this package, too. */
class EventError extends Error {
  readonly event_id: string;
  /** The event with its `event_id`, to be saved or sent again. A log that prints the error does not print it. */
  declare readonly event: PulseCartEvent;

  constructor(message: string, { event_id, readEvent, cause }: EventErrorDetails) {
    super(message, cause === undefined ? undefined : { cause });
    this.event_id = event_id;
    Object.defineProperty(this, "event", { get: readEvent, configurable: true });
  }
}

/** Gives a class the name by which its instances, and those of another copy of it, are known. */
function mark(errorClass: { readonly prototype: object }, name: string): void {
  const property = { value: name, writable: true, configurable: true };
  for (const key of [MARK, "name"]) Object.defineProperty(errorClass.prototype, key, property);
  Object.defineProperty(errorClass, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      // A class that extends it inherits this function.
      return this === errorClass
        ? Object(value)[MARK] === name
        : Function.prototype[Symbol.hasInstance].call(this, value);
    },
  });
}

/** The event itself is at fault: it will never be taken as it is. */
export class RefusedError extends EventError {
  declare readonly name: "RefusedError";
  /** The HTTP status of the answer, or the one that the producer would give where the client refuses by itself. */
  readonly status: number;
  /** Such as `invalid_event`; undefined where what answered is not the producer. */
  readonly code: string | undefined;
  /** What is wrong, in the producer's words. */
  readonly detail: string;
  /** The faults by their paths; empty where the code says it all. */
  readonly errors: readonly FieldError[];
  /** How many faults `errors` leaves out. */
  readonly errors_omitted: number | undefined;

  constructor(message: string, refusal: EventErrorDetails & Refusal) {
    super(message, refusal);
    this.status = refusal.status;
    this.code = refusal.code;
    this.detail = refusal.detail;
    this.errors = refusal.errors ?? [];
    this.errors_omitted = refusal.errors_omitted;
  }
}
mark(RefusedError, "RefusedError");

/** Why an event is refused. */
export interface Refusal {
  readonly status: number;
  readonly code?: string | undefined;
  readonly detail: string;
  readonly errors?: readonly FieldError[] | undefined;
  readonly errors_omitted?: number | undefined;
}

/** The event was not accepted in time. It may have arrived: send it again under the same `event_id`, or give it up. */
export class UnavailableError extends EventError {
  declare readonly name: "UnavailableError";
  /** The status of the last answer; undefined where there was none. */
  readonly lastStatus: number | undefined;
  /** What the last answer said, such as `publish_timeout`. */
  readonly code: string | undefined;
  readonly detail: string | undefined;
  readonly attempts: number;

  constructor(message: string, details: EventErrorDetails & LastAnswer & { readonly attempts: number }) {
    super(message, details);
    this.lastStatus = details.status;
    this.code = details.code;
    this.detail = details.detail;
    this.attempts = details.attempts;
  }
}
mark(UnavailableError, "UnavailableError");

/** What the last answer said of an event that was not accepted. */
export interface LastAnswer {
  readonly status?: number | undefined;
  readonly code?: string | undefined;
  readonly detail?: string | undefined;
}

/** The caller's signal aborted. The event may have arrived. `cause` is the signal's reason. */
export class AbortError extends EventError {
  declare readonly name: "AbortError";
}
mark(AbortError, "AbortError");

/** What becomes of an event that is not accepted. */
export type SendError = RefusedError | UnavailableError | AbortError;

/** @returns an error's message and those of its causes, down to the system's own: `fetch failed: connect ECONNREFUSED …` */
export function toReason(error: unknown): string {
  const messages: string[] = [];
  for (let cause = error; cause !== undefined && cause !== null && messages.length < 5; ) {
    const { message, code, name, errors, cause: next } = Object(cause);
    const text = String(message || code || name || cause);
    if (!messages.some((other) => other.includes(text))) messages.push(text);
    // Of several addresses that were tried, the first one's fault.
    cause = next ?? (Array.isArray(errors) ? errors[0] : undefined);
  }
  return messages.join(": ");
}
