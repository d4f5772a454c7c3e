import { type ProblemCode, problems } from "../../../shared/http/problem.ts";
import type { JsonSchema } from "../schemas/json-schema.ts";
import { toSchemaRef } from "./event-schemas.ts";

/** One OpenAPI response object, or a reference to it. */
type Answer = Readonly<Record<string, unknown>>;

/** Requests that are answered alike: one event, a batch, a probe, the document. */
export type RequestKind = "event" | "batch" | "check" | "health" | "document";

/** An answer that is not problem details. */
interface Result {
  readonly description: string;
  readonly schema: JsonSchema;
}

const anyRequest = ["malformed_request", "request_timeout", "headers_too_large", "internal", "shutting_down"] as const;
const invalidEvent = ["missing_event_type", "unknown_event_type", "wrong_function", "invalid_event"] as const;
const anyBody = [...anyRequest, "malformed_json", "payload_too_large", "unsupported_media_type", "overloaded"] as const;

/** What a request that has found its path can be refused with as a whole. */
const problemsOf: Readonly<Record<RequestKind, readonly ProblemCode[]>> = {
  event: [...anyBody, ...invalidEvent, "misconfigured", "publish_rejected", "publish_unavailable", "publish_timeout"],
  batch: [...anyBody, "invalid_batch"],
  check: [...anyBody, ...invalidEvent, "invalid_batch"],
  health: anyRequest,
  document: anyRequest,
};

const batchOutcomes: Readonly<Record<number, string>> = {
  202: "Every event was accepted.",
  207: "Some events were accepted; the results say which.",
  422: "Every event is invalid.",
  500: "No event was accepted; the results say which to send again.",
  503: "No event was accepted; send the `retryable` ones again.",
  504: "No event was acknowledged in time; send them again, each under its `event_id`.",
};

const resultsOf: Readonly<Record<RequestKind, Readonly<Record<number, Result>>>> = {
  event: { 202: { description: "Pub/Sub has acknowledged the event.", schema: toSchemaRef("Accepted") } },
  batch: Object.fromEntries(
    Object.entries(batchOutcomes).map(([status, description]) => [
      status,
      { description, schema: toSchemaRef("BatchResults") },
    ]),
  ),
  check: {
    200: {
      description: "Every event is valid.",
      schema: { oneOf: [toSchemaRef("Valid"), toSchemaRef("CheckResults")] },
    },
    207: { description: "Some events are valid; the results say which.", schema: toSchemaRef("CheckResults") },
    422: { description: "Every event is invalid.", schema: toSchemaRef("CheckResults") },
  },
  health: { 200: { description: "The instance serves.", schema: toSchemaRef("Health") } },
  document: { 200: { description: "This document.", schema: { type: "object" } } },
};

/** Response headers by component name. */
export const answerHeaders = {
  RetryAfter: { description: "Seconds to wait before the request is sent again.", schema: { type: "integer" } },
  Allow: { description: "The methods that the path takes.", schema: { type: "string" } },
  AcceptEncoding: {
    description: "The content encodings that are taken, where that was the fault.",
    schema: { type: "string" },
  },
};

/**
 * Every answer to the kinds of requests.
 *
 * @returns by component name, such as `Event503`; `Elsewhere` is the answer to a request that is none of the document's
 */
export function toAnswers(kinds: readonly RequestKind[]): Readonly<Record<string, Answer>> {
  const answers = kinds.flatMap((kind) =>
    listStatuses(kind).map((status) => [toName(kind, status), toAnswer(kind, status)]),
  );
  return { ...Object.fromEntries(answers), Elsewhere: toElsewhere() };
}

/** @returns the `responses` of an operation by status: references to what {@link toAnswers} returns */
export function toAnswerRefs(kind: RequestKind): Readonly<Record<string, Answer>> {
  const toRef = (name: string) => ({ $ref: `#/components/responses/${name}` });
  const refs = listStatuses(kind).map((status) => [status, toRef(toName(kind, status))]);
  return { ...Object.fromEntries(refs), default: toRef("Elsewhere") };
}

function listStatuses(kind: RequestKind): number[] {
  const statuses = [...Object.keys(resultsOf[kind]).map(Number), ...problemsOf[kind].map(toStatus)];
  return [...new Set(statuses)].sort((a, b) => a - b);
}

function toStatus(code: ProblemCode): number {
  return problems[code].status;
}

function toName(kind: RequestKind, status: number): string {
  return `${kind.replace(/^./, (letter) => letter.toUpperCase())}${status}`;
}

function toAnswer(kind: RequestKind, status: number): Answer {
  const result = resultsOf[kind][status];
  const codes = problemsOf[kind].filter((code) => toStatus(code) === status);
  const isRetryable =
    (result && status >= 500) || codes.some((code) => "retryable" in problems[code] && problems[code].retryable);
  return {
    description: [result?.description, ...codes.map(explain)].filter(Boolean).join("\n\n"),
    ...(isRetryable && { headers: { "Retry-After": { $ref: "#/components/headers/RetryAfter" } } }),
    ...(status === 415 && { headers: { "Accept-Encoding": { $ref: "#/components/headers/AcceptEncoding" } } }),
    content: {
      ...(result && { "application/json": { schema: result.schema } }),
      ...(codes.length > 0 && { "application/problem+json": { schema: toProblemSchema(status, codes) } }),
    },
  };
}

function toElsewhere(): Answer {
  const codes = ["not_found", "method_not_allowed"] as const;
  return {
    description: codes.map((code) => `${toStatus(code)}: ${explain(code)}`).join("\n\n"),
    headers: { Allow: { $ref: "#/components/headers/Allow" } },
    content: {
      "application/problem+json": { schema: { oneOf: codes.map((code) => toProblemSchema(toStatus(code), [code])) } },
    },
  };
}

function explain(code: ProblemCode): string {
  return `\`${code}\`: ${problems[code].detail}`;
}

function toProblemSchema(status: number, codes: readonly ProblemCode[]): JsonSchema {
  return {
    allOf: [
      toSchemaRef("Problem"),
      {
        type: "object",
        properties: { status: { const: status }, code: { type: "string", enum: codes } },
      },
    ],
  };
}
