import { toOrderingKey } from "../../../shared/publish/ordering-key.ts";
import type { ArrivedMessage } from "../../pubsub/open-subscription.ts";
import type { ProbeEvent } from "./probe-events.ts";

/** An event that was answered 202: what was sent, and what the answer promised. */
export interface AcceptedEvent extends ProbeEvent {
  readonly promisedEventId: string;
  readonly messageId: string;
  /** When it was sent, on this process's clock. */
  readonly sentAt: number;
}

/** Says what of a message's bytes is not as promised; undefined where they are right. */
export function findByteFault({ text, eventId, promisedEventId }: AcceptedEvent, data: Buffer): string | undefined {
  const arrived = data.toString("utf8");
  if (eventId !== undefined) return arrived === text ? undefined : describeDifference(arrived, text);
  // What was absent is put in front of what was sent, of which nothing may change.
  const rest = text.slice(1);
  if (!arrived.endsWith(rest)) return describeDifference(arrived.slice(-rest.length), rest);
  const added = readAdded(arrived.slice(0, -rest.length));
  if (added === undefined || Object.keys(added).sort().join() !== "event_id,timestamp") {
    return "event_id and timestamp are not what was added";
  }
  if (added.event_id !== promisedEventId) return "the event_id that was added is not the answer's";
  return Number.isNaN(Date.parse(String(added.timestamp))) ? "the timestamp that was added is none" : undefined;
}

function readAdded(front: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(`${front.replace(/,\s*$/, "")}}`) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function describeDifference(arrived: string, sent: string): string {
  const [a, b] = [Buffer.from(arrived), Buffer.from(sent)];
  const at = b.findIndex((byte, index) => a[index] !== byte);
  return at === -1 ? `${a.length} bytes arrived of ${b.length}` : `byte ${at} differs from what was sent`;
}

/** Says what of a message's ordering key is not as promised; undefined where it is right. */
export function findKeyFault({ userId }: AcceptedEvent, { orderingKey }: ArrivedMessage, shards: number) {
  const wanted = toOrderingKey(userId, shards);
  return orderingKey === wanted
    ? undefined
    : `the key is ${JSON.stringify(orderingKey)}, not ${JSON.stringify(wanted)}`;
}

/** Says what of a message's attributes is not as promised; undefined where they are right. */
export function findAttributeFault(
  { eventType, promisedEventId }: AcceptedEvent,
  { attributes }: ArrivedMessage,
  mark: string,
): string | undefined {
  const wanted = { event_type: eventType, event_id: promisedEventId, verification: mark };
  const wrong = Object.entries(wanted).find(([name, value]) => attributes[name] !== value);
  if (wrong !== undefined) return `${wrong[0]} is ${attributes[wrong[0]] === undefined ? "missing" : "another"}`;
  // The platform begins a trace where the caller has none, and knows who called.
  const known = [...Object.keys(wanted), "googclient_traceparent", "caller"];
  const surplus = Object.keys(attributes).find((name) => !known.includes(name));
  return surplus === undefined ? undefined : `${surplus} was not promised`;
}
