import type { ArrivedMessage } from "../pubsub/open-subscription.ts";
import type { LogEntry } from "./log-entries.ts";

/** What one topic has of an event. */
export interface Found {
  readonly topic: string;
  readonly isDeadLetter: boolean;
  readonly messages: readonly ArrivedMessage[];
}

/** Subscriptions of `where`, of `verify`, and of the local stack itself. */
export const isTemporary = /^(pulsecart-)?(where|verify)-|\.local-[0-9a-f-]{36}$/;

interface Line {
  readonly at: number;
  readonly kind: "sending" | "message" | "dead letter";
  readonly text: string;
}

const outcomes: Readonly<Record<string, string>> = {
  "Event accepted": "accepted",
  "Event refused": "refused",
  "Event not published": "failed",
};

/**
 * Tells an event's story, the oldest first: its sendings, its messages, its dead letters.
 *
 * @param withPayload whether to show what the messages hold
 */
export function toStory(entries: readonly LogEntry[], found: readonly Found[], withPayload: boolean): string[] {
  const messages = found.filter(({ isDeadLetter }) => !isDeadLetter).flatMap((each) => each.messages);
  const lines = [
    ...entries.map((entry) => toSending(entry, messages)),
    ...found.flatMap((each) => each.messages.map((message) => toStored(each, message, withPayload))),
  ];
  const kinds = ["sending", "message", "dead letter"];
  lines.sort((a, b) => a.at - b.at || kinds.indexOf(a.kind) - kinds.indexOf(b.kind));
  return lines.map(({ at, kind, text }) => toPrintable(`${new Date(at).toISOString()}  ${kind.padEnd(11)}  ${text}`));
}

/** The time is that of its arrival: the line was written when the outcome was known. */
function toSending({ timestamp, resource, jsonPayload = {} }: LogEntry, messages: readonly ArrivedMessage[]): Line {
  const { message, message_id, latency_ms, code, retryable, paths, error } = jsonPayload;
  const { service_name, revision_name } = resource.labels;
  const own = messages.find(({ messageId }) => messageId === message_id);
  const caller = jsonPayload.caller ?? own?.attributes.caller;
  const parts = [
    `to ${service_name}${revision_name ? ` (${revision_name})` : ""}${caller ? ` by ${caller}` : ""}:`,
    outcomes[String(message)] ?? message,
    code && `${code}${retryable ? ", to be sent again" : ""}`,
    message_id && `as message ${message_id}`,
    `after ${latency_ms} ms`,
    paths && `at ${String(paths).replaceAll(" ", ", ")}`,
    error && `(${error})`,
  ];
  // Lines have another clock than messages, and are late where a machine is busy.
  const at = Math.min(Date.parse(timestamp) - (Number(latency_ms) || 0), own?.publishTime ?? Infinity);
  return { at, kind: "sending", text: parts.filter(Boolean).join(" ") };
}

function toStored({ topic, isDeadLetter }: Found, message: ArrivedMessage, withPayload: boolean): Line {
  const { messageId, data, orderingKey, attributes } = message;
  const source = attributes.CloudPubSubDeadLetterSourceSubscription;
  const deliveries = attributes.CloudPubSubDeadLetterSourceDeliveryCount;
  const origin = isDeadLetter ? `, given up by ${source} after ${deliveries} deliveries` : "";
  const own = Object.entries(attributes).filter(([name]) => !name.startsWith("CloudPubSubDeadLetter"));
  const lines = [
    `${messageId} on ${topic}${origin}, ${data.length} bytes, key ${JSON.stringify(orderingKey)}`,
    `  ${own.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(" ")}`,
    ...(withPayload ? [`  ${data.toString("utf8")}`] : []),
  ];
  return { at: message.publishTime, kind: isDeadLetter ? "dead letter" : "message", text: lines.join("\n") };
}

/** What callers wrote must not steer the terminal. */
export function toPrintable(text: string): string {
  return text.replace(/[^\P{Cc}\n]/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
