import { CallError, Status } from "./grpc/status.ts";

/** What a failed publish means to a caller; the names are those of the answers. */
export type FailureCode =
  | "publish_unavailable"
  | "publish_timeout"
  | "publish_rejected"
  | "misconfigured"
  | "not_attempted";

/** A publish that was not acknowledged. `cause` holds what Pub/Sub or the client said, for the log alone. */
export class PublishFailure extends Error {
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string = code, cause?: unknown) {
    super(message, { cause });
    this.name = "PublishFailure";
    this.code = code;
  }

  /** Whether trying again will not do: somebody has to look after the event, the set-up or the function's account. */
  get needsAttention(): boolean {
    if (this.cause instanceof CallError && this.cause.code === Status.UNAUTHENTICATED) return true;
    return this.code === "misconfigured" || this.code === "publish_rejected";
  }
}

/** Topic missing, permission denied, a disabled key: the event is good, and whoever set the producer up has to act. */
const SETUP_CODES: ReadonlySet<number> = new Set([
  Status.NOT_FOUND,
  Status.PERMISSION_DENIED,
  Status.FAILED_PRECONDITION,
]);

/** The event is at fault: a schema that is bound to the topic, a limit. */
const EVENT_CODES: ReadonlySet<number> = new Set([
  Status.INVALID_ARGUMENT,
  Status.ALREADY_EXISTS,
  Status.OUT_OF_RANGE,
  Status.UNIMPLEMENTED,
  Status.DATA_LOSS,
]);

/**
 * Whether the same request can succeed within its budget. A set-up that is at fault takes minutes to heal: a caller hears of
 * it at once, and may try again. What is left is what the Pub/Sub client retries too, and a token that was refused.
 *
 * @see https://github.com/googleapis/googleapis/blob/master/google/pubsub/v1/pubsub_grpc_service_config.json
 */
export function isRetryable({ code }: CallError): boolean {
  return !SETUP_CODES.has(code) && !EVENT_CODES.has(code);
}

/** The failure after an error that is not retried. */
export function toRejected(cause: CallError): PublishFailure {
  return SETUP_CODES.has(cause.code)
    ? new PublishFailure("misconfigured", "The producer's set-up does not let it publish", cause)
    : new PublishFailure("publish_rejected", "Pub/Sub refuses the event", cause);
}

/**
 * The failure of a publish whose budget is spent.
 *
 * @param answer the last error that Pub/Sub or the network answered with, undefined when there was no answer at all
 */
export function toExhausted(answer: CallError | undefined): PublishFailure {
  if (!answer) return new PublishFailure("publish_timeout", "Pub/Sub did not acknowledge in time");
  return new PublishFailure("publish_unavailable", "Pub/Sub is unavailable or over quota", answer);
}

/** The failure of an event that was held back, because an earlier one of its user in the batch failed. */
export function toNotAttempted(): PublishFailure {
  return new PublishFailure("not_attempted", "An earlier event of this user in the batch was not published");
}

/** The failure of what is still under way when the instance ends. */
export function toEnded(): PublishFailure {
  return new PublishFailure("publish_timeout", "The instance ended before Pub/Sub acknowledged");
}
