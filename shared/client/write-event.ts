import { MAX_EVENT_BYTES } from "../events/limits.ts";
import { RefusedError } from "./errors.ts";
import type { FunctionName } from "./events.ts";
import { functionByType } from "./function-by-type.ts";

/** An event as it is sent. */
export type WrittenEvent = ReturnType<typeof writeEvent>;

/**
 * Writes an event down, once and for all attempts, with an `event_id` where it has none: consumers drop by it what arrives
 * twice. What is sent, and where, is read from what was written, not from the caller's object, which may say something else
 * each time.
 *
 * @param event whatever the caller gave
 * @param urls of the functions that the caller sends to; undefined: it does not matter
 * @throws RefusedError for what cannot be sent, with status and code as the producer would answer
 */
export function writeEvent(event: unknown, urls: ReadonlyMap<FunctionName, string> | undefined) {
  let event_id = `evt_${crypto.randomUUID().replaceAll("-", "")}`;
  let text: string | undefined;
  const refuse = (status: number, code: string, detail: string, cause?: unknown) => {
    const readEvent = () => (text?.startsWith("{") ? JSON.parse(text) : event);
    const own = { status, code, detail, errors: [], event_id, cause, readEvent };
    return new RefusedError(`${event_id} was not sent: ${detail}`, own);
  };
  const malformed = (detail: string, cause?: unknown) => refuse(400, "malformed_json", detail, cause);
  let getter: string | undefined;
  try {
    text = JSON.stringify(event);
    getter = findGetter(event);
  } catch (cause) {
    throw malformed(`The event cannot be written as JSON: ${cause}`, cause);
  }
  // Not even a text for a function, and where toJSON returns nothing.
  if (!text?.startsWith("{")) throw malformed("An event is an object.");
  const { event_id: id, event_type: type, user_id } = JSON.parse(text);
  if (id === undefined) text = `{"event_id":"${event_id}",${text.slice(1)}`;
  else event_id = String(id);
  if (getter) throw malformed(`JSON leaves out the getter ${getter} of a class: give it a toJSON.`);

  if (!type) throw refuse(400, "missing_event_type", "Missing required field: event_type");
  const target = functionByType.get(type);
  if (!target) throw refuse(422, "unknown_event_type", `Unknown event_type: ${String(type)}`);
  const noUrl = `createClient was given no URL of the function ${target}.`;
  if (urls?.has(target) === false) throw refuse(404, "not_found", noUrl);
  // Where there is Node's Buffer, without a copy.
  const bytes = globalThis.Buffer?.byteLength(text) ?? new TextEncoder().encode(text).length;
  const tooLarge = `An event has at most ${MAX_EVENT_BYTES} bytes; this one has ${bytes}.`;
  if (bytes > MAX_EVENT_BYTES) throw refuse(413, "payload_too_large", tooLarge);
  // What is none the producer refuses.
  const user = typeof user_id === "string" ? user_id : Symbol();
  return { eventId: event_id, user, target, url: urls?.get(target), text, bytes };
}

/** @returns a getter that an event or its payload has from its class: JSON knows an object's own members alone */
function findGetter(event: unknown): string | undefined {
  for (const object of [Object(event), Object(Object(event).payload)]) {
    if (typeof object.toJSON === "function") return undefined;
    for (let parent = Object.getPrototypeOf(object); parent; parent = Object.getPrototypeOf(parent)) {
      // Object.prototype, of whichever realm: its `__proto__` is no member.
      if (Object.getPrototypeOf(parent) === null) break;
      for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(parent))) if (get) return name;
    }
  }
  return undefined;
}
