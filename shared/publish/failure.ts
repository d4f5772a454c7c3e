import { Status } from "./grpc/status.ts";

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
}

/**
 * Status codes after which the same publish can succeed: those that the Pub/Sub client itself retries.
 * @see https://github.com/googleapis/googleapis/blob/master/google/pubsub/v1/pubsub_grpc_service_config.json
 */
const RETRYABLE_CODES: ReadonlySet<number> = new Set([
  Status.CANCELLED,
  Status.UNKNOWN,
  Status.DEADLINE_EXCEEDED,
  Status.RESOURCE_EXHAUSTED,
  Status.ABORTED,
  Status.INTERNAL,
  Status.UNAVAILABLE,
  Status.UNAUTHENTICATED,
]);

/** What Node and the auth library report when the metadata server or the network is away. */
const NETWORK_ERRORS = /^(?:E(?:AI_AGAIN|CONNREFUSED|CONNRESET|HOSTUNREACH|NETUNREACH|NOTFOUND|PIPE|TIMEDOUT)|5\d\d)$/;

/** Whether the same request, sent again, can succeed. */
export function isRetryable(error: unknown): boolean {
  const code = codeOf(error);
  return typeof code === "number" && code < 100 ? RETRYABLE_CODES.has(code) : NETWORK_ERRORS.test(String(code));
}

/** Whether nothing was answered, rather than something bad. */
export function isTimeout(error: unknown): boolean {
  return codeOf(error) === Status.DEADLINE_EXCEEDED;
}

/** Topic missing, failed precondition (a disabled key), permission denied: the event is good, the set-up is not. */
const MISCONFIGURED_CODES: ReadonlySet<unknown> = new Set([5, 7, 9]);

/** The failure of a publish that retrying at once cannot help. */
export function toRejected(cause: unknown): PublishFailure {
  return MISCONFIGURED_CODES.has(codeOf(cause))
    ? new PublishFailure("misconfigured", "The producer's set-up does not let it publish", cause)
    : new PublishFailure("publish_rejected", "Pub/Sub refuses the event", cause);
}

/**
 * The failure of a publish whose budget is spent.
 *
 * @param answer the last error that Pub/Sub or the network answered with, undefined when there was no answer at all
 */
export function toExhausted(answer: unknown): PublishFailure {
  return answer === undefined
    ? new PublishFailure("publish_timeout", "Pub/Sub did not acknowledge within the publish budget")
    : new PublishFailure("publish_unavailable", "Pub/Sub is unavailable or over quota", answer);
}

/** The failure of an event that was held back, because an earlier one of its group failed. */
export function toNotAttempted(): PublishFailure {
  return new PublishFailure("not_attempted", "An earlier event of this user in the batch was not published");
}

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}
