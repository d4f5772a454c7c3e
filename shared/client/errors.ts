/** One fault of an event: where (`payload.total`), and what is wrong there. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** The event itself is at fault: it will never be taken as it is. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  /** The HTTP status of the answer, or the one that the producer would give where the client refuses by itself. */
  readonly status: number;
  /** Such as `invalid_event`; undefined where what answered is not the producer. */
  readonly code: string | undefined;
  /** The faults by their paths; empty where the code says it all. */
  readonly errors: readonly FieldError[];
  readonly event_id: string;

  constructor(
    message: string,
    refusal: {
      readonly status: number;
      readonly code?: string | undefined;
      readonly errors?: readonly FieldError[] | undefined;
      readonly event_id: string;
      readonly cause?: unknown;
    },
  ) {
    super(message, { cause: refusal.cause });
    this.status = refusal.status;
    this.code = refusal.code;
    this.errors = refusal.errors ?? [];
    this.event_id = refusal.event_id;
  }
}

/** The event was not accepted in time. It may have arrived: send it again under the same `event_id`, or give it up. */
export class UnavailableError extends Error {
  override readonly name = "UnavailableError";
  readonly event_id: string;
  /** The status of the last answer; undefined where there was none. */
  readonly lastStatus: number | undefined;

  constructor(event_id: string, lastStatus: number | undefined, cause: unknown) {
    const last = lastStatus === undefined ? "no answer" : `status ${lastStatus}`;
    super(`The producer did not take ${event_id} in time: ${last}.`, { cause });
    this.event_id = event_id;
    this.lastStatus = lastStatus;
  }
}

/** The caller's signal aborted. The event may have arrived. `cause` is the signal's reason. */
export class AbortError extends Error {
  override readonly name = "AbortError";
  readonly event_id: string;

  constructor(event_id: string, reason: unknown) {
    super(`Sending ${event_id} was aborted.`, { cause: reason });
    this.event_id = event_id;
  }
}
