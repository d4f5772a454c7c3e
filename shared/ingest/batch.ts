import type { Domain } from "../events/domain.ts";
import { Problem } from "../http/problem.ts";
import { type Success, toSuccess } from "../http/respond.ts";
import { holdBack } from "../log.ts";
import { type Accepted, accept, identify, type RequestContext, type Service } from "./accept.ts";
import type { EventBytes } from "./envelope-reader.ts";
import { skipSpace } from "./json.ts";
import { readEvent, readEvents } from "./read-event.ts";
import { type ValidEvent, validateEvent } from "./validate.ts";

export const MAX_BATCH_EVENTS = 1000;

const LINE_FEED = 0x0a;

/** An event of a batch, or what is wrong with it. */
type Entry = EventBytes | Problem;

/**
 * Reads the events of a JSON array.
 *
 * @throws {Problem} malformed_json when the body is no JSON array, invalid_batch when it has no or too many elements
 */
export function readArray(body: Buffer, domain: Domain): Entry[] {
  return checkLength(readEvents(body, domain, MAX_BATCH_EVENTS + 1));
}

/**
 * Reads the events of newline-delimited JSON; blank lines do not count.
 *
 * @throws {Problem} invalid_batch when there are no or too many lines
 */
export function readLines(body: Buffer, domain: Domain): Entry[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < body.length && lines.length <= MAX_BATCH_EVENTS; ) {
    const feed = body.indexOf(LINE_FEED, start);
    const line = body.subarray(start, feed === -1 ? body.length : feed);
    if (skipSpace(line, 0) < line.length) lines.push(line);
    start += line.length + 1;
  }
  return checkLength(lines).map((line) => orProblem(() => readEvent(line, domain)));
}

function checkLength<T>(entries: T[]): T[] {
  if (entries.length > 0 && entries.length <= MAX_BATCH_EVENTS) return entries;
  throw new Problem("invalid_batch", `A batch must hold 1 to ${MAX_BATCH_EVENTS} events.`);
}

/** @returns what is wrong with one event, which the others do not suffer for */
function orProblem<T>(take: () => T): T | Problem {
  try {
    return take();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

/**
 * Takes the events of a batch, each on its own, one user's in their order.
 *
 * @returns the results, one an event, in order
 * @throws {Problem} overloaded when the instance does not take so many more; no event is published then
 */
export async function acceptBatch(
  service: Service,
  context: RequestContext,
  entries: readonly Entry[],
): Promise<Success> {
  const checked = checkAll(service, context, entries);
  const valid = checked.filter((item): item is Identified => !(item instanceof Problem));
  const bytes = valid.reduce((sum, { event }) => sum + event.bytes.length, 0);
  if (valid.length > 0 && !service.publisher.hasRoomFor(valid.length, bytes)) {
    throw new Problem("overloaded", "The instance has as many events under way as it takes; send the batch again.");
  }
  const log = holdBack(service.log);
  const batchService = { ...service, log };
  const results = await Promise.all(
    checked.map((item): Problem | Promise<Accepted | Problem> => {
      if (item instanceof Problem) return item;
      return accept(batchService, context, item.event, item.eventId, entries);
    }),
  );
  log.release();
  return toSuccess(toBatchStatus(results), {
    results: results.map((result) =>
      result instanceof Problem ? { status: result.status, ...result.members } : { status: 202, ...result },
    ),
  });
}

interface Identified {
  readonly event: ValidEvent;
  readonly eventId: string;
}

function checkAll(
  service: Service,
  context: RequestContext,
  entries: readonly Entry[],
): readonly (Identified | Problem)[] {
  const seen = new Set<string>();
  const check = (entry: EventBytes, index: number): Identified => {
    const event = validateEvent(entry, service.domain);
    const eventId = identify(service, context, event, index);
    if (seen.has(eventId)) {
      const errors = [{ path: "event_id", message: "must not be that of an earlier event of the batch" }];
      throw new Problem("invalid_event", "The event_id stands twice in the batch.", { errors });
    }
    seen.add(eventId);
    return { event, eventId };
  };
  return entries.map((entry, index) => (entry instanceof Problem ? entry : orProblem(() => check(entry, index))));
}

/** The status of the whole: see the contract's section on batches in the README. */
function toBatchStatus(results: readonly (Accepted | Problem)[]): number {
  const problems = results.filter((result) => result instanceof Problem);
  if (problems.length === 0) return 202;
  if (problems.length < results.length) return 207;
  const failures = problems.filter(({ code, status }) => status >= 500 && code !== "not_attempted");
  if (failures.length === 0) return 422;
  const [first, ...others] = failures.map(({ status }) => status);
  return others.every((status) => status === first) ? (first as number) : 503;
}
