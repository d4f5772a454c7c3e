import type { Domain } from "../events/domain.ts";
import { Problem } from "../http/problem.ts";
import type { Log } from "../log.ts";
import { PublishFailure } from "../publish/failure.ts";
import type { Publisher } from "../publish/publisher.ts";
import { readStack } from "../source-map.ts";
import { createEventId, deriveEventId, enrich } from "./enrich.ts";
import type { TraceContext } from "./trace-context.ts";
import type { ValidEvent } from "./validate.ts";

/** What one function works with, for all of its requests. */
export interface Service {
  readonly domain: Domain;
  readonly publisher: Publisher;
  readonly log: Log;
}

/** What a request says about its events besides their bytes. */
export interface RequestContext {
  readonly idempotencyKey: string | undefined;
  readonly trace: TraceContext | undefined;
  /** `performance.now()` when the request came. */
  readonly startedAt: number;
}

/** An event that Pub/Sub has acknowledged. */
export interface Accepted {
  readonly event_id: string;
  readonly message_id: string;
}

/**
 * Settles the identity of an event: its own id, else one derived from the idempotency key, else a new one.
 *
 * @param index the event's place in its batch, 0 where it came alone
 */
export function identify(service: Service, context: RequestContext, event: ValidEvent, index: number): string {
  if (event.fields.event_id !== undefined) return event.fields.event_id;
  if (!context.idempotencyKey) return createEventId();
  return deriveEventId(context.idempotencyKey, service.domain.name, event.bytes, index);
}

/**
 * Enriches a valid event and publishes it; its outcome is one log line.
 *
 * @param batch the same object for all events of one batch
 * @returns a problem when it was not acknowledged: the code of the failure, or internal, with the event id
 */
export async function accept(
  service: Service,
  context: RequestContext,
  event: ValidEvent,
  eventId: string,
  batch?: object,
): Promise<Accepted | Problem> {
  const { event_type, user_id } = event.fields;
  const event_id = eventId;
  const { trace } = context;
  try {
    const message_id = await service.publisher.publish({
      userId: user_id,
      data: enrich(event, eventId),
      attributes: trace
        ? { event_type, event_id, googclient_traceparent: trace.traceparent }
        : { event_type, event_id },
      batch,
    });
    const fields = { event_type, event_id, message_id, latency_ms: elapsedMs(context) };
    service.log.write("info", "Event accepted", fields, trace?.traceId);
    return { event_id, message_id };
  } catch (error) {
    const problem = toProblem(error, eventId);
    const { code, retryable } = problem;
    const fields = { event_type, event_id, code, retryable, error: toCause(error), latency_ms: elapsedMs(context) };
    const isOurs = !retryable || code === "misconfigured" || code === "internal";
    service.log.write(isOurs ? "error" : "warning", "Event not published", fields, trace?.traceId);
    return problem;
  }
}

/** @returns milliseconds since the request came, with one decimal */
export function elapsedMs(context: RequestContext): number {
  return Math.round((performance.now() - context.startedAt) * 10) / 10;
}

const details: Readonly<Record<PublishFailure["code"], string>> = {
  publish_unavailable: "Pub/Sub is unavailable or over quota; send the event again with this event_id.",
  publish_timeout: "Pub/Sub did not acknowledge in time; send the event again with this event_id.",
  publish_rejected: "Pub/Sub refuses this event; sending it again does not help.",
  misconfigured: "The event could not be published because of a fault in the producer's set-up; send it again later.",
  not_attempted: "An earlier event of this user in the batch was not published; send this one after it.",
};

function toProblem(error: unknown, eventId: string): Problem {
  if (error instanceof PublishFailure) return new Problem(error.code, details[error.code], { eventId });
  return new Problem("internal", "The event could not be published.", { eventId });
}

/** What the log says of a failure: Pub/Sub's own words, or where our code broke. */
function toCause(error: unknown): string {
  if (!(error instanceof PublishFailure)) return readStack(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
