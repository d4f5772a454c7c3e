interface ProblemRow {
  readonly status: number;
  readonly title: string;
  /** Whether the same request can succeed later; absent where the request itself is at fault. */
  readonly retryable?: boolean;
}

/** Every answer that is not a success: one table, one shape (RFC 9457, problem details). */
export const problems = {
  malformed_json: { status: 400, title: "Malformed JSON" },
  missing_event_type: { status: 400, title: "Missing event type" },
  malformed_request: { status: 400, title: "Malformed HTTP request" },
  not_found: { status: 404, title: "Not found" },
  method_not_allowed: { status: 405, title: "Method not allowed" },
  request_timeout: { status: 408, title: "Request not received in time" },
  payload_too_large: { status: 413, title: "Payload too large" },
  unsupported_media_type: { status: 415, title: "Unsupported media type" },
  invalid_batch: { status: 422, title: "Invalid batch" },
  invalid_event: { status: 422, title: "Invalid event" },
  unknown_event_type: { status: 422, title: "Unknown event type" },
  wrong_function: { status: 422, title: "Event belongs to another function" },
  headers_too_large: { status: 431, title: "Request headers too large" },
  internal: { status: 500, title: "Internal error", retryable: true },
  misconfigured: { status: 500, title: "Producer misconfigured", retryable: true },
  publish_rejected: { status: 500, title: "Publish rejected", retryable: false },
  not_attempted: { status: 503, title: "Not attempted", retryable: true },
  overloaded: { status: 503, title: "Overloaded", retryable: true },
  publish_unavailable: { status: 503, title: "Pub/Sub unavailable", retryable: true },
  shutting_down: { status: 503, title: "Shutting down", retryable: true },
  publish_timeout: { status: 504, title: "Publish timed out", retryable: true },
} as const satisfies Readonly<Record<string, ProblemRow>>;

export type ProblemCode = keyof typeof problems;

/** One fault of an event: where (`user_id`, …) and what is wrong there; never the value itself. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** What a problem can say beyond its code. */
interface ProblemExtras {
  /** The identity under which the caller can send the same event again. */
  readonly eventId?: string;
  readonly errors?: readonly FieldError[];
  /** Further response headers, such as `Allow`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request or an event that is answered with an error. Thrown anywhere, answered in one place. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly extras: ProblemExtras;

  /**
   * @param code names the row in {@link problems}
   * @param detail one sentence for the caller; never holds a stack, a path of ours or a rejected value
   */
  constructor(code: ProblemCode, detail: string, extras: ProblemExtras = {}) {
    super(detail);
    this.name = "Problem";
    this.code = code;
    this.extras = extras;
  }

  get status(): number {
    return problems[this.code].status;
  }

  get retryable(): boolean | undefined {
    return (problems[this.code] as ProblemRow).retryable;
  }

  /** The members that single answers and the entries of a batch's results share. */
  get members(): Readonly<Record<string, unknown>> {
    return {
      code: this.code,
      detail: this.message,
      ...(this.extras.eventId !== undefined && { event_id: this.extras.eventId }),
      ...(this.extras.errors && { errors: this.extras.errors }),
      ...(this.retryable !== undefined && { retryable: this.retryable }),
    };
  }

  /** The problem details object (RFC 9457, section 3) of this problem. */
  toProblemDetails(): Readonly<Record<string, unknown>> {
    const { status, title } = problems[this.code];
    return { type: `urn:pulsecart:problem:${this.code}`, title, status, ...this.members };
  }
}
