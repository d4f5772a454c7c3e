import type { ServerResponse } from "node:http";
import { Problem } from "./problem.ts";

/** Seconds after which a caller may try again what is retryable: longer than a short fault of Pub/Sub usually lasts. */
const RETRY_AFTER_SECONDS = "2";

/** What a handler decided; {@link respond} is the only one to turn it into a response. */
export type Outcome = Problem | Success;

/** An answer that is no error. */
export interface Success {
  readonly status: number;
  /** The JSON text of the body. */
  readonly body: string;
}

/** @returns a success whose body is `value` as JSON */
export function toSuccess(status: number, value: unknown): Success {
  return { status, body: JSON.stringify(value) };
}

/**
 * Writes the one response of a request.
 *
 * @param close whether the connection ends with this response (a server that shuts down, a client that was cut off)
 */
export function respond(response: ServerResponse, outcome: Outcome, close: boolean): void {
  if (response.destroyed || response.headersSent) return;
  const isProblem = outcome instanceof Problem;
  const body = isProblem ? JSON.stringify(outcome.toProblemDetails()) : outcome.body;
  const headers: Record<string, string | number> = {
    "Content-Type": isProblem ? "application/problem+json" : "application/json",
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  };
  if (isProblem) {
    if (outcome.retryable) headers["Retry-After"] = RETRY_AFTER_SECONDS;
    Object.assign(headers, outcome.extras.headers);
  } else if (outcome.status === 503 || outcome.status === 504) {
    headers["Retry-After"] = RETRY_AFTER_SECONDS;
  }
  if (close) headers.Connection = "close";
  response.writeHead(outcome.status, headers);
  response.end(body);
}
