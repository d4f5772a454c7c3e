import { MAX_EVENT_BYTES } from "../events/limits.ts";
import { type BatchLimits, Entry } from "./entry.ts";
import { RefusedError } from "./errors.ts";
import type { FunctionName } from "./events.ts";
import { functionByType } from "./function-by-type.ts";

const encoder = new TextEncoder();

/**
 * Writes an event down, with an `event_id` where it has none: it must be there before the first attempt, so that consumers
 * can drop what arrives twice.
 *
 * @param event whatever the caller gave
 * @returns the event to send; one that cannot be sent is refused already, with status and code as the producer would answer
 */
export function toEntry(
  event: unknown,
  urls: ReadonlyMap<FunctionName, string>,
  limits: BatchLimits | undefined,
): Entry {
  const given: Readonly<Record<string, unknown>> = Object(event);
  const { event_id = `evt_${crypto.randomUUID().replaceAll("-", "")}`, event_type: type, user_id } = given;
  const entry = new Entry(String(event_id), typeof user_id === "string" ? user_id : Symbol(), limits);
  const refuse = (status: number, code: string, message: string, cause?: unknown) => {
    entry.settle({ error: new RefusedError(message, { status, code, event_id: entry.eventId, cause }) });
    return entry;
  };

  if (given !== event || Array.isArray(event)) return refuse(400, "malformed_json", "An event is an object.");
  if (!type) return refuse(400, "missing_event_type", "Missing required field: event_type");
  const target = functionByType.get(type as string);
  if (!target) return refuse(422, "unknown_event_type", `Unknown event_type: ${String(type)}`);
  if (!urls.has(target)) return refuse(404, "not_found", `createClient was given no URL of the function ${target}.`);
  try {
    entry.body = encoder.encode(JSON.stringify({ ...given, event_id }));
  } catch (cause) {
    return refuse(400, "malformed_json", `The event cannot be written as JSON: ${cause}`, cause);
  }
  if (entry.body.length > MAX_EVENT_BYTES) {
    return refuse(413, "payload_too_large", `An event has at most ${MAX_EVENT_BYTES} bytes.`);
  }
  entry.target = target;
  return entry;
}
