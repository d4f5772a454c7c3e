import querystring from "node:querystring";

/**
 * The gRPC status codes, by number alone: grpc-js is loaded with the client, and not before.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/statuscodes.md
 */
export const Status = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  FAILED_PRECONDITION: 9,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** A call that ended with another status than OK, the server's own or one that we found. */
export class CallError extends Error {
  /** One of {@link Status}, RESOURCE_EXHAUSTED (8) or ABORTED (10). */
  readonly code: number;
  /** Whether the server said so, rather than that the call was lost on its way. */
  readonly isAnswer: boolean;

  constructor(code: number, details: string, isAnswer = false) {
    super(`gRPC status ${code}: ${details || "no details"}`);
    this.name = "CallError";
    this.code = code;
    this.isAnswer = isAnswer;
  }
}

/**
 * Reads the status that a server sent.
 *
 * Missing or broken is INTERNAL. That is retried, as is a number that gRPC does not know: such an answer does not say that the
 * event is at fault.
 *
 * @param status value of `grpc-status`; undefined when it was not there
 * @param message value of `grpc-message`, percent-encoded
 * @returns undefined for OK
 */
export function toStatusError(status: unknown, message: unknown): CallError | undefined {
  if (typeof status !== "string" || !/^\d{1,9}$/.test(status)) {
    return new CallError(Status.INTERNAL, `The answer's grpc-status is ${JSON.stringify(status) ?? "missing"}`, true);
  }
  const code = Number(status);
  if (code === Status.OK) return undefined;
  return new CallError(code, querystring.unescape(String(message ?? "")), true);
}

/**
 * As gRPC maps them, but for 404: there it is UNIMPLEMENTED, and here a fault of the set-up, such as a wrong endpoint. All
 * others are retried.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
 */
const statusOfHttp: Readonly<Record<number, number>> = {
  401: Status.UNAUTHENTICATED,
  403: Status.PERMISSION_DENIED,
  404: Status.NOT_FOUND,
};

/** @returns what an HTTP status means where something answered that does not speak gRPC; undefined for 200, or none */
export function toHttpError(httpStatus: number | undefined): CallError | undefined {
  if (httpStatus === undefined || httpStatus === 200) return undefined;
  return new CallError(statusOfHttp[httpStatus] ?? Status.UNKNOWN, `HTTP status ${httpStatus}`, true);
}
