interface ProblemRow {
  readonly status: number;
  readonly title: string;
  /** What it means to a caller, in one sentence: the `detail` where nobody has a more precise one, and in documents. */
  readonly detail: string;
  /** Whether the same request can succeed later; absent where the request itself is at fault. */
  readonly retryable?: boolean;
}

/** Every answer that is not a success: one table, one shape (RFC 9457, problem details). */
export const problems = {
  malformed_json: {
    status: 400,
    title: "Malformed JSON",
    detail: "The body is empty, not JSON, or not of the JSON type that is wanted.",
  },
  missing_event_type: { status: 400, title: "Missing event type", detail: "Missing required field: event_type" },
  malformed_request: {
    status: 400,
    title: "Malformed HTTP request",
    detail: "The request is not well-formed HTTP, or its body ended early.",
  },
  not_found: { status: 404, title: "Not found", detail: "There is nothing at this path." },
  method_not_allowed: {
    status: 405,
    title: "Method not allowed",
    detail: "The path takes other methods; Allow names them.",
  },
  request_timeout: {
    status: 408,
    title: "Request not received in time",
    detail: "The headers or the body took too long; detail says which limit it was.",
    retryable: true,
  },
  payload_too_large: {
    status: 413,
    title: "Payload too large",
    detail: "The body is over the limit, as sent or as inflated.",
  },
  unsupported_media_type: {
    status: 415,
    title: "Unsupported media type",
    detail: "The media type, charset or content encoding is not one that the path takes.",
  },
  invalid_batch: { status: 422, title: "Invalid batch", detail: "A batch has no events, or too many." },
  invalid_event: {
    status: 422,
    title: "Invalid event",
    detail: "The event breaks its schema; errors names every fault with its path.",
  },
  unknown_event_type: { status: 422, title: "Unknown event type", detail: "There is no such event type." },
  wrong_function: {
    status: 422,
    title: "Event belongs to another function",
    detail: "The event type belongs to another function, which detail names.",
  },
  headers_too_large: {
    status: 431,
    title: "Request headers too large",
    detail: "The request's headers are too large.",
  },
  internal: {
    status: 500,
    title: "Internal error",
    detail: "Something unforeseen happened; send the request again.",
    retryable: true,
  },
  misconfigured: {
    status: 500,
    title: "Producer misconfigured",
    detail: "The event is good, the producer's set-up is not; send it again with this event_id.",
    retryable: true,
  },
  publish_rejected: {
    status: 500,
    title: "Publish rejected",
    detail: "Pub/Sub refuses this very event; sending it again does not help.",
    retryable: false,
  },
  not_attempted: {
    status: 503,
    title: "Not attempted",
    detail: "An earlier event of this user in the batch was not published; send this one after it.",
    retryable: true,
  },
  overloaded: {
    status: 503,
    title: "Overloaded",
    detail: "The instance has as much in flight as it takes; send the request again.",
    retryable: true,
  },
  publish_unavailable: {
    status: 503,
    title: "Pub/Sub unavailable",
    detail: "Pub/Sub is unavailable or over quota; send the event again with this event_id.",
    retryable: true,
  },
  shutting_down: {
    status: 503,
    title: "Shutting down",
    detail: "This instance is ending; send the request again.",
    retryable: true,
  },
  publish_timeout: {
    status: 504,
    title: "Publish timed out",
    detail: "Pub/Sub did not acknowledge in time; send the event again with this event_id.",
    retryable: true,
  },
} as const satisfies Readonly<Record<string, ProblemRow>>;

export type ProblemCode = keyof typeof problems;

/** One fault of an event: where (`user_id`, …) and what is wrong there; never the value itself. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** Cloud Logging takes 256 KB a line, and an event may have a thousand faults. */
const MAX_LOGGED_PATHS = 100;

/** What a problem can say beyond its code. */
interface ProblemExtras {
  /** The identity under which the caller can send the same event again. */
  readonly eventId?: string;
  readonly errors?: readonly FieldError[];
  /** How many more there are: only the answer to a batch may leave some out. */
  readonly errorsOmitted?: number;
  /** What is wrong with the event apart from why it was refused. */
  readonly warnings?: { readonly warnings: readonly FieldError[]; readonly warnings_omitted?: number };
  /** Further response headers, such as `Allow`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request or an event that is answered with an error. Thrown anywhere, answered in one place. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly extras: ProblemExtras;
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean | undefined;

  /**
   * @param code names the row in {@link problems}
   * @param detail one sentence for the caller, that of the row by default; never holds a stack, a path of ours or a
   *   rejected value
   */
  constructor(code: ProblemCode, detail: string = problems[code].detail, extras: ProblemExtras = {}) {
    super(detail);
    this.name = "Problem";
    this.code = code;
    this.extras = extras;
    const { status, title, retryable }: ProblemRow = problems[code];
    this.status = status;
    this.title = title;
    this.retryable = retryable;
  }

  /** How loud its log line is: somebody has to act, trying again is enough, or the caller is at fault. */
  get severity(): "info" | "warning" | "error" {
    if (this.status === 500) return "error";
    return this.status > 500 ? "warning" : "info";
  }

  /** The paths of its faults, joined by a space, as many as fit a log line; undefined where there are none. */
  get paths(): string | undefined {
    return this.extras.errors
      ?.slice(0, MAX_LOGGED_PATHS)
      .map(({ path }) => path)
      .join(" ");
  }

  /** The members that single answers and the entries of a batch's results share. */
  get members(): Readonly<Record<string, unknown>> {
    return {
      code: this.code,
      detail: this.message,
      ...(this.extras.eventId !== undefined && { event_id: this.extras.eventId }),
      ...(this.extras.errors && { errors: this.extras.errors }),
      ...(this.extras.errorsOmitted !== undefined && { errors_omitted: this.extras.errorsOmitted }),
      ...this.extras.warnings,
      ...(this.retryable !== undefined && { retryable: this.retryable }),
    };
  }

  /** The problem details object (RFC 9457, section 3) of this problem. */
  toProblemDetails(): Readonly<Record<string, unknown>> {
    return { type: `urn:pulsecart:problem:${this.code}`, title: this.title, status: this.status, ...this.members };
  }
}
