import type { ServerResponse } from "node:http";
import { Problem } from "./problem.ts";

/** Seconds after which a caller may try again what is retryable: longer than a short fault of Pub/Sub usually lasts. */
const RETRY_AFTER_SECONDS = "2";

/** What a handler decided; {@link respond} is the only one to turn it into a response. */
export type Answer = Problem | JsonAnswer;

/** An answer with a body of its own, rather than problem details: an event's acceptance, or a batch's results. */
export interface JsonAnswer {
  readonly status: number;
  /** JSON text. */
  readonly body: string;
  /** Whether a part of it is worth sending again later: the answer says after how long. */
  readonly retryable?: boolean;
}

/** @returns an answer whose body is `value` as JSON */
export function toJsonAnswer(status: number, value: unknown): JsonAnswer {
  return { status, body: JSON.stringify(value) };
}

/**
 * Makes the headers and the body of an answer.
 *
 * @param close whether the connection ends with it (a server that shuts down, a client that was cut off)
 */
export function renderAnswer(answer: Answer, close: boolean) {
  const isProblem = answer instanceof Problem;
  const body = isProblem ? JSON.stringify(answer.toProblemDetails()) : answer.body;
  const headers: Record<string, string | number> = {
    "Content-Type": isProblem ? "application/problem+json" : "application/json",
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  };
  if (answer.retryable) headers["Retry-After"] = RETRY_AFTER_SECONDS;
  if (isProblem) Object.assign(headers, answer.extras.headers);
  if (close) headers.Connection = "close";
  return { headers, body };
}

/**
 * Writes the one response of a request.
 *
 * @param close whether the connection ends with this response
 * @returns the size of its body; 0 where nobody is there to read it
 */
export function respond(response: ServerResponse, answer: Answer, close: boolean): number {
  if (response.destroyed || response.headersSent) return 0;
  const { headers, body } = renderAnswer(answer, close);
  response.writeHead(answer.status, headers);
  response.end(body);
  return body.length;
}
