import * as v from "valibot";
import { envelope } from "../events/envelope.ts";
import { findEvent } from "../events/registry.ts";
import type { Body } from "../http/body.ts";
import { Problem } from "../http/problem.ts";
import { type Answer, toJsonAnswer } from "../http/respond.ts";
import type { Level, LogFields } from "../log.ts";
import { PublishFailure } from "../publish/failure.ts";
import type { Batch } from "../publish/lanes.ts";
import { readStack } from "../source-map.ts";
import { elapsedMs, type RequestContext, type Service } from "./context.ts";
import { enrich } from "./enrich.ts";
import { EventIds } from "./event-id.ts";
import { judge, type ValidEvent } from "./judge.ts";
import { type EventBytes, LARGE_BYTES, readEvent } from "./read.ts";
import { LONG, runAtOnce, type Steps, TimeSlice } from "./time-slice.ts";
import type { ErrorBudget, WarningMembers, Warnings } from "./warnings.ts";

// One event's whole story, alone or in a batch: checkEvent, then publishEvent. Whichever ends it decides the outcome and
// writes the event's one log line.

/** An event that Pub/Sub has acknowledged. */
export interface Accepted extends Partial<WarningMembers> {
  readonly event_id: string;
  readonly message_id: string;
}

/** What became of an event. */
export type Outcome = Accepted | Problem;

/** A valid event under the identity that it is published with. */
export interface CheckedEvent {
  readonly event: ValidEvent;
  readonly eventId: string;
  readonly warnings: Warnings | undefined;
}

/**
 * Takes the one event of a request.
 *
 * @throws {Problem} malformed_json: there is no event that could have a line
 */
export async function takeEvent(service: Service, context: RequestContext, body: Body): Promise<Answer> {
  const checked = await checkSingleEvent(service, context, body);
  if (checked instanceof Problem) return checked;
  if (!service.inFlight.takeOne()) return refuseForRoom(service, context, [checked]);
  const outcome = await publishEvent(service, context, checked);
  return outcome instanceof Problem ? outcome : toJsonAnswer(202, { status: "accepted", ...outcome });
}

/**
 * Reads and checks the one event of a request: a small one at once, a large one in time slices.
 *
 * @returns the problem that it is refused with, as {@link checkEvent}
 * @throws {Problem} malformed_json
 */
export function checkSingleEvent(
  service: Service,
  context: RequestContext,
  { bytes }: Body,
): CheckedEvent | Problem | Promise<CheckedEvent | Problem> {
  const steps = readAndCheck(service, context, bytes);
  if (bytes.length <= LARGE_BYTES) return runAtOnce(steps);
  const slice = new TimeSlice();
  return slice.next().then(() => slice.run(steps));
}

function* readAndCheck(service: Service, context: RequestContext, bytes: Buffer): Steps<CheckedEvent | Problem> {
  const event = yield* readEvent(bytes, service.contract.names);
  yield LONG;
  return checkEvent(service, context, event, new EventIds(service.domain.name, context.idempotencyKey));
}

/**
 * Judges an event that was read, and settles its identity.
 *
 * @param entry the event, or why it could not be read
 * @param ids of the events of the same request
 * @param budget of the faults that the answer to a batch lists
 * @returns the problem that it is refused with: that of the reading, missing_event_type, unknown_event_type, wrong_function
 *   or invalid_event
 */
export function checkEvent(
  service: Service,
  context: RequestContext,
  entry: EventBytes | Problem,
  ids: EventIds,
  budget?: ErrorBudget,
): CheckedEvent | Problem {
  if (entry instanceof Problem) return refuse(service, context, entry);
  const { problem, warnings } = judge(entry, service.contract, budget);
  if (problem) return refuse(service, context, problem, entry);
  const event = entry as ValidEvent;
  const eventId = ids.settle(event, warnings);
  return eventId instanceof Problem ? refuse(service, context, eventId, entry) : { event, eventId, warnings };
}

function refuse(service: Service, context: RequestContext, problem: Problem, event?: EventBytes): Problem {
  const known = toKnown(event?.fields);
  countRefused(service, context, problem, known.event_type);
  record(service, context, "Event refused", problem, known);
  return problem;
}

/** Counts an event that its caller has to change, or a request that cannot be read. */
export function countRefused(
  { summaries }: Service,
  { caller }: RequestContext,
  { code, extras }: Problem,
  event_type?: string,
): void {
  const paths = extras.errors?.map(({ path }) => path);
  summaries.count("Events refused", { event_type, code, caller }, paths);
}

/**
 * Says that valid events are not taken, as there is no room for them.
 *
 * @param events that would be published
 */
export function refuseForRoom(service: Service, context: RequestContext, events: readonly CheckedEvent[]): Problem {
  const [first] = events;
  // Alone, an event's answer has its id; a batch is refused as a whole.
  const problem = new Problem("overloaded", undefined, events.length === 1 && first ? toExtras(first) : {});
  for (const { event, eventId } of events) {
    const known = { event_type: event.fields.event_type, event_id: eventId };
    record(service, context, "Event not published", problem, known);
  }
  return problem;
}

/**
 * Enriches a valid event and publishes it, after all earlier ones of its user.
 *
 * @param batch the same object for all events of one batch: when one of them fails, its user's later ones are not
 *   attempted
 * @returns the acknowledgement, or the problem with the event's id: publish_unavailable, publish_timeout, misconfigured,
 *   publish_rejected, not_attempted or internal
 */
export async function publishEvent(
  service: Service,
  context: RequestContext,
  checked: CheckedEvent,
  batch?: Batch,
): Promise<Outcome> {
  const { event, eventId, warnings } = checked;
  const { event_type, user_id } = event.fields;
  const { trace, verification, caller } = context;
  const attributes: Record<string, string> = { event_type, event_id: eventId };
  if (warnings) attributes.payload_faults = warnings.paths;
  if (caller !== undefined) attributes.caller = caller;
  if (verification !== undefined) attributes.verification = verification;
  if (trace) attributes.googclient_traceparent = trace.traceparent;
  let failure: unknown;
  let messageId: string | undefined;
  try {
    messageId = await service.publisher.publish({
      userId: user_id,
      data: enrich(event, eventId),
      attributes,
      batch,
    });
  } catch (error) {
    failure = error;
  }
  service.inFlight.release(batch !== undefined);
  const known = { event_type, event_id: eventId };
  if (messageId !== undefined) {
    service.summaries.count("Events accepted", { event_type, caller });
    if (warnings)
      service.summaries.count("Payload differs from its schema", { event_type, caller }, warnings.paths.split(" "));
    record(service, context, "Event accepted", undefined, { ...known, message_id: messageId });
    return { event_id: eventId, message_id: messageId, ...warnings?.members };
  }
  const problem = new Problem(
    failure instanceof PublishFailure ? failure.code : "internal",
    undefined,
    toExtras(checked),
  );
  const severity = failure instanceof PublishFailure && failure.needsAttention ? "error" : problem.severity;
  record(service, context, "Event not published", problem, { ...known, error: toCause(failure) }, severity);
  return problem;
}

function toExtras({ eventId, warnings }: CheckedEvent) {
  return { eventId, ...(warnings && { warnings: warnings.members }) };
}

type Line = `Event ${"accepted" | "refused" | "not published"}` | `Request ${"refused" | "failed"}`;

/** Writes an event's or a request's line. A log that fails changes no outcome: an acknowledged event must not be answered 500. */
export function record(
  { log }: Service,
  context: RequestContext,
  message: Line,
  problem: Problem | undefined,
  known: Readonly<Record<string, string | undefined>>,
  severity: Level = problem?.severity ?? "info",
): void {
  const { code, retryable, paths } = problem ?? {};
  const fields: LogFields = {
    ...known,
    // Accepted events, which most are, have it in their message: their lines are billed by the byte.
    ...(problem && { code, retryable, paths, caller: context.caller }),
    latency_ms: elapsedMs(context),
  };
  try {
    log.write(severity, message, fields, context.trace?.traceId);
  } catch {}
}

/** What the log may say of a refused event: its type and its id where these are valid, never a rejected value. */
function toKnown(fields: EventBytes["fields"] | undefined) {
  const { event_type, event_id } = fields ?? {};
  return {
    event_type: typeof event_type === "string" ? findEvent(event_type)?.event.type : undefined,
    event_id: v.is(envelope.event_id, event_id) ? event_id : undefined,
  };
}

/** What the log says of a failure: Pub/Sub's own words, or where our code broke. */
function toCause(error: unknown): string {
  if (!(error instanceof PublishFailure)) return readStack(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
