import type { PulseCartEvent } from "./event-unions.ts";

/** One fault of an event: where (`payload.total`), and what is wrong there. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** What every error of an event is made from, beside its own members. */
interface Details extends Readonly<Record<string, unknown>> {
  readonly event_id: string;
  /** Reads the event from what was to be sent. */
  readonly readEvent: () => unknown;
  readonly cause?: unknown;
}

const MARK = Symbol.for("@pulsecart/events error");

/** What the errors share. `instanceof` knows those of another copy of this package, too. */
class EventError extends Error {
  declare readonly event_id: string;
  /** The event with its `event_id`, to be saved or sent again. A log that prints the error does not print it. */
  declare readonly event: PulseCartEvent;

  constructor(message: string, { readEvent, cause, ...members }: Details) {
    super(message, cause === undefined ? undefined : { cause });
    Object.defineProperty(this, "event", { get: readEvent, configurable: true });
    Object.assign(this, members);
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
  declare readonly status: number;
  /** Such as `invalid_event`; undefined where what answered is not the producer. */
  declare readonly code: string | undefined;
  /** What is wrong, in the producer's words. */
  declare readonly detail: string;
  /** The faults by their paths; empty where the code says it all. */
  declare readonly errors: readonly FieldError[];
  /** How many faults `errors` leaves out. */
  declare readonly errors_omitted: number | undefined;
}
mark(RefusedError, "RefusedError");

/** Why an event is refused. */
export type Refusal = Pick<RefusedError, "status" | "code" | "detail" | "errors" | "errors_omitted">;

/** What the last answer said of an event that was not accepted; undefined where there was none. */
export interface LastAnswer {
  readonly status?: number | undefined;
  readonly code?: string | undefined;
  readonly detail?: string | undefined;
}

/** The event was not accepted in time. It may have arrived: send it again under the same `event_id`, or give it up. */
export class UnavailableError extends EventError {
  declare readonly name: "UnavailableError";
  /** The status of the last answer; undefined where there was none. */
  declare readonly lastStatus: number | undefined;
  /** What the last answer said, such as `publish_timeout`. */
  declare readonly code: string | undefined;
  declare readonly detail: string | undefined;
  declare readonly attempts: number;
}
mark(UnavailableError, "UnavailableError");

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

/** Calls a function of the caller's. Where it fails, that is a line on stderr: it is no reason to stop sending. */
export async function callBack(call: () => unknown): Promise<void> {
  try {
    await call();
  } catch (error) {
    printError(error);
  }
}

/** Writes an error in one line. */
export function printError(error: unknown): void {
  console.error(`@pulsecart/events: ${toReason(error).replaceAll(/\s+/g, " ")}`);
}
