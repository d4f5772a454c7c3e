import { MAX_BATCH_EVENTS } from "../events/limits.ts";
import { Problem } from "../http/problem.ts";
import { type Answer, type JsonAnswer, toJsonAnswer } from "../http/respond.ts";
import type { Body, RequestContext, Service } from "./context.ts";
import { ErrorBudget } from "./error-budget.ts";
import { type CheckedEvent, checkEvent, publishEvent, refuseForRoom } from "./event.ts";
import { EventIds } from "./event-id.ts";
import { skipSpace } from "./json.ts";
import { type EventBytes, readEvent, readEvents } from "./read-event.ts";
import { Turn } from "./turn.ts";

const LINE_FEED = 0x0a;
/** UTF-8's byte order mark, which Windows tools put before a file, and so before a line of what was joined from files. */
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf] as const;

/** An event of a batch, or why it could not be read. */
type Entry = EventBytes | Problem;

/**
 * Reads the events of a batch.
 *
 * @param body newline-delimited JSON, where blank lines do not count, or a JSON array
 * @throws {Problem} malformed_json when the body should be a JSON array and is none, invalid_batch when it has no events
 *   or too many
 */
async function readBatch({ domain, payloadChecks }: Service, { bytes, isLines }: Body): Promise<Entry[]> {
  const budget = new ErrorBudget();
  const read = (line: Buffer) => readEvent(line, domain, payloadChecks, budget);
  const limit = MAX_BATCH_EVENTS + 1;
  const entries = await (isLines ? readLines(bytes, read) : readEvents(bytes, domain, limit, payloadChecks));
  if (entries.length > 0 && entries.length <= MAX_BATCH_EVENTS) return entries;
  throw new Problem("invalid_batch", `A batch must hold 1 to ${MAX_BATCH_EVENTS} events.`);
}

async function readLines(body: Buffer, read: (line: Buffer) => EventBytes): Promise<Entry[]> {
  const entries: Entry[] = [];
  const turn = new Turn();
  for (let start = skipBlank(body, 0); start < body.length && entries.length <= MAX_BATCH_EVENTS; ) {
    const feed = body.indexOf(LINE_FEED, start);
    const end = feed === -1 ? body.length : feed;
    entries.push(orProblem(() => read(body.subarray(start, end))));
    start = skipBlank(body, end);
    const pause = turn.yield();
    if (pause) await pause;
  }
  return entries;
}

/** Skips blank lines and the white space before an event, without a slice for each: 10 MiB of line feeds are one request. */
function skipBlank(body: Buffer, at: number): number {
  for (;;) {
    at = skipSpace(body, at);
    if (!BYTE_ORDER_MARK.every((byte, i) => body[at + i] === byte)) return at;
    at += BYTE_ORDER_MARK.length;
  }
}

/** @returns what is wrong with one event; the others of its batch go on */
function orProblem<T>(take: () => T): T | Problem {
  try {
    return take();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

/** Validates the events of a batch. @returns what each is or why it is refused, in order */
export async function checkBatch(service: Service, context: RequestContext, body: Body) {
  const ids = new EventIds(service.domain.name, context.idempotencyKey);
  return (await readBatch(service, body)).map((entry) => checkEvent(service, context, entry, ids));
}

/**
 * Takes the events of a batch, each on its own, one user's in their order.
 *
 * @returns the results, or overloaded when there is no room for all of its valid events: none is published then
 * @throws {Problem} malformed_json, invalid_batch
 */
export async function takeBatch(service: Service, context: RequestContext, body: Body): Promise<Answer> {
  const checked = await checkBatch(service, context, body);
  const valid = checked.filter((item): item is CheckedEvent => !(item instanceof Problem));
  if (!service.inFlight.take(valid.length)) return refuseForRoom(service, context, valid);
  const batch = {};
  const outcomes = await Promise.all(
    checked.map((item) => (item instanceof Problem ? item : publishEvent(service, context, item, batch))),
  );
  return toResults(outcomes, 202, (accepted) => accepted);
}

/**
 * Makes a batch's answer.
 *
 * @param good the status of a good entry, and of the whole where all are
 */
export function toResults<T>(
  outcomes: readonly (T | Problem)[],
  good: number,
  toMembers: (outcome: T) => object,
): JsonAnswer {
  const status = toBatchStatus(outcomes, good);
  const results = outcomes.map((outcome) =>
    outcome instanceof Problem
      ? { status: outcome.status, ...outcome.members }
      : { status: good, ...toMembers(outcome) },
  );
  const isWorthAgain = (outcome: unknown) => outcome instanceof Problem && outcome.retryable === true;
  return { ...toJsonAnswer(status, { results }), retryable: status >= 500 && outcomes.some(isWorthAgain) };
}

/** `good` where all events are, 207 where some are, 422 where all are invalid, else what the failures have in common. */
function toBatchStatus(outcomes: readonly unknown[], good: number): number {
  const problems = outcomes.filter((outcome) => outcome instanceof Problem);
  if (problems.length === 0) return good;
  if (problems.length < outcomes.length) return 207;
  const failures = problems.filter(({ code, status }) => status >= 500 && code !== "not_attempted");
  if (failures.length === 0) return 422;
  const [first, ...others] = failures.map(({ status }) => status);
  return others.every((status) => status === first) ? (first as number) : 503;
}
