import type { IncomingMessage } from "node:http";
import { type BodyRequest, isJsonMediaType, readBody } from "../http/body.ts";
import { Problem } from "../http/problem.ts";
import { type Outcome, type Success, toSuccess } from "../http/respond.ts";
import { readStack } from "../source-map.ts";
import { accept, elapsedMs, identify, type RequestContext, type Service } from "./accept.ts";
import { acceptBatch, readArray, readLines } from "./batch.ts";
import { readEvent } from "./read-event.ts";
import { findRoute, type Route } from "./routes.ts";
import { readTraceContext } from "./trace-context.ts";
import { validateEvent } from "./validate.ts";

const MIB = 1024 * 1024;

/** With what is added, an event of this size stays below the 10 MB of a Pub/Sub message. */
const MAX_EVENT_BYTES = 9 * MIB;
const MAX_BATCH_BYTES = 10 * MIB;

/** The function's OpenAPI document as JSON text, put here by the build. */
declare const OPENAPI_DOCUMENT: string | undefined;

const NDJSON = "application/x-ndjson";

/**
 * Takes one request, from its bytes to its outcome: read, parse, validate, enrich, publish. The only place that catches.
 *
 * @returns what to answer; never rejects
 */
export async function ingest(service: Service, request: BodyRequest): Promise<Outcome> {
  const context: RequestContext = {
    idempotencyKey: toHeader(request, "idempotency-key"),
    trace: readTraceContext(request.headers.traceparent),
    startedAt: performance.now(),
  };
  try {
    if (request.headers.host === undefined && request.httpVersion === "1.1") {
      throw new Problem("malformed_request", "The request has no Host header.");
    }
    return await take(service, request, context, findRoute(request.method, request.url));
  } catch (error) {
    return toProblem(service, context, error);
  }
}

async function take(service: Service, request: BodyRequest, context: RequestContext, route: Route): Promise<Outcome> {
  switch (route) {
    case "event":
      return ingestEvent(service, request, context);
    case "batch":
      return ingestBatch(service, request, context);
    case "health":
      return toSuccess(200, { status: "ok" });
    case "openapi":
      if (typeof OPENAPI_DOCUMENT === "undefined")
        throw new Problem("not_found", "Only a built function has this document.");
      return { status: 200, body: OPENAPI_DOCUMENT };
  }
}

async function ingestEvent(service: Service, request: BodyRequest, context: RequestContext): Promise<Outcome> {
  const body = await readBody(request, MAX_EVENT_BYTES, isJsonMediaType);
  const event = validateEvent(readEvent(body, service.domain), service.domain);
  const eventId = identify(service, context, event, 0);
  if (!service.publisher.hasRoomFor(1, body.length)) {
    throw new Problem("overloaded", "The instance has as many events under way as it takes.", { eventId });
  }
  const outcome = await accept(service, context, event, eventId);
  return outcome instanceof Problem ? outcome : toSuccess(202, { status: "accepted", ...outcome });
}

async function ingestBatch(service: Service, request: BodyRequest, context: RequestContext): Promise<Success> {
  const body = await readBody(request, MAX_BATCH_BYTES, (type) => type === NDJSON || isJsonMediaType(type));
  const isLines = request.headers["content-type"]?.toLowerCase().startsWith(NDJSON);
  return acceptBatch(service, context, (isLines ? readLines : readArray)(body, service.domain));
}

function toHeader(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** What is foreseen shows its message; anything else is logged whole and answered with nothing of it. */
function toProblem(service: Service, context: RequestContext, error: unknown): Problem {
  const latency_ms = elapsedMs(context);
  if (!(error instanceof Problem)) {
    const fields = { code: "internal", retryable: true, error: readStack(error), latency_ms };
    service.log.write("error", "Request failed", fields, context.trace?.traceId);
    return new Problem("internal", "The request could not be handled.");
  }
  const paths = error.extras.errors?.map(({ path }) => path).join(" ");
  service.log.write("info", "Request refused", { code: error.code, paths, latency_ms }, context.trace?.traceId);
  return error;
}
