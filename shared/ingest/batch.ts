import { MAX_BATCH_EVENTS } from "../events/limits.ts";
import { type Body, skipByteOrderMark } from "../http/body.ts";
import { Problem } from "../http/problem.ts";
import { type Answer, type JsonAnswer, toJsonAnswer } from "../http/respond.ts";
import type { RequestContext, Service } from "./context.ts";
import { type CheckedEvent, checkEvent, publishEvent, refuseForRoom } from "./event.ts";
import { EventIds } from "./event-id.ts";
import { skipSpace } from "./json-tokens.ts";
import type { Names } from "./names.ts";
import { type EventBytes, LARGE_BYTES, readEvent, readEvents } from "./read.ts";
import { LONG, type Steps, TimeSlice } from "./time-slice.ts";
import { ErrorBudget } from "./warnings.ts";

const LINE_FEED = 0x0a;

/** Of blank lines that are skipped at a time. */
const BLANK_BYTES = 256 * 1024;

/** An event of a batch, or why it could not be read. */
type Entry = EventBytes | Problem;

/**
 * Reads the events of a batch.
 *
 * @param body newline-delimited JSON, where blank lines do not count, or a JSON array
 * @throws {Problem} malformed_json when the body should be a JSON array and is none, invalid_batch when it has no events
 *   or too many
 */
function* readBatch({ bytes, isLines }: Body, names: Names): Steps<Entry[]> {
  const entries = yield* isLines ? readLines(bytes, names) : readEvents(bytes, names, MAX_BATCH_EVENTS);
  if (entries.length > 0 && entries.length <= MAX_BATCH_EVENTS) return entries;
  throw new Problem("invalid_batch", `A batch must hold 1 to ${MAX_BATCH_EVENTS} events.`);
}

function* readLines(body: Buffer, names: Names): Steps<Entry[]> {
  const entries: Entry[] = [];
  for (let start = 0; start < body.length && entries.length <= MAX_BATCH_EVENTS; ) {
    yield;
    // In pieces: 10 MiB of line feeds are one request.
    const piece = body.subarray(0, start + BLANK_BYTES);
    const text = skipSpace(piece, start);
    // Files that were joined may have one before any line.
    start = skipByteOrderMark(body, text);
    if (start > text || start === piece.length) continue;
    const feed = body.indexOf(LINE_FEED, start);
    const end = feed === -1 ? body.length : feed;
    try {
      entries.push(yield* readEvent(body.subarray(start, end), names));
    } catch (error) {
      // The others of the batch go on.
      if (!(error instanceof Problem)) throw error;
      entries.push(error);
    }
    start = end;
  }
  return entries;
}

/**
 * Reads and checks the events of a batch, in time slices.
 *
 * @returns what each is or why it is refused, in order
 * @throws {Problem} malformed_json, invalid_batch
 */
export async function checkBatch(
  service: Service,
  context: RequestContext,
  body: Body,
  slice: TimeSlice,
): Promise<(CheckedEvent | Problem)[]> {
  await slice.next();
  return slice.run(readAndCheck(service, context, body));
}

function* readAndCheck(service: Service, context: RequestContext, body: Body): Steps<(CheckedEvent | Problem)[]> {
  const ids = new EventIds(service.domain.name, context.idempotencyKey);
  const budget = new ErrorBudget();
  const checked: (CheckedEvent | Problem)[] = [];
  for (const entry of yield* readBatch(body, service.contract.names)) {
    yield !(entry instanceof Problem) && entry.bytes.length > LARGE_BYTES ? LONG : undefined;
    checked.push(checkEvent(service, context, entry, ids, budget));
  }
  return checked;
}

/**
 * Takes the events of a batch, each on its own, one user's in their order.
 *
 * @returns the results, or overloaded when there is no room for all of its valid events: none is published then
 * @throws {Problem} malformed_json, invalid_batch
 */
export async function takeBatch(service: Service, context: RequestContext, body: Body): Promise<Answer> {
  const slice = new TimeSlice();
  const checked = await checkBatch(service, context, body, slice);
  const valid = checked.filter((item): item is CheckedEvent => !(item instanceof Problem));
  if (!service.inFlight.takeBatch(valid.length)) return refuseForRoom(service, context, valid);
  const batch = { events: valid.length, failedUsers: new Set<string>() };
  // In one slice, so that one key's events share requests.
  await slice.next();
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
