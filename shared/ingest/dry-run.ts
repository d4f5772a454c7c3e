import { MAX_EVENT_BYTES } from "../events/limits.ts";
import type { Body } from "../http/body.ts";
import { Problem } from "../http/problem.ts";
import { tooLarge } from "../http/receive.ts";
import { type Answer, toJsonAnswer } from "../http/respond.ts";
import { checkBatch, toResults } from "./batch.ts";
import type { RequestContext, Service } from "./context.ts";
import { type CheckedEvent, checkSingleEvent } from "./event.ts";
import { OPEN_ARRAY, skipSpace } from "./json-tokens.ts";
import { TimeSlice } from "./time-slice.ts";

/**
 * Checks what `/events/ingest` or `/events/batch` would take, and publishes nothing: a caller's CI runs its samples against
 * this. Which of the two it would be is told by the media type and by the body's first byte.
 *
 * @returns 200 for a valid event, and 200, 207 or 422 for a batch; else the very problem that ingest would answer
 * @throws {Problem} malformed_json, invalid_batch, payload_too_large
 */
export async function dryRun(service: Service, context: RequestContext, body: Body): Promise<Answer> {
  const { bytes, isLines } = body;
  if (isLines || bytes[skipSpace(bytes, 0)] === OPEN_ARRAY) {
    return toResults(await checkBatch(service, context, body, new TimeSlice()), 200, toWarningMembers);
  }
  if (bytes.length > MAX_EVENT_BYTES) throw tooLarge(MAX_EVENT_BYTES);
  const checked = await checkSingleEvent(service, context, body);
  return checked instanceof Problem ? checked : toJsonAnswer(200, { status: "valid", ...toWarningMembers(checked) });
}

function toWarningMembers({ warnings }: CheckedEvent) {
  return { ...warnings?.members };
}
