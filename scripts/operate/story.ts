import type { StoredMessage } from "./find-messages.ts";
import type { LogEntry } from "./log-entries.ts";

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
export function toStory(entries: readonly LogEntry[], found: readonly StoredMessage[], withPayload: boolean): string[] {
  // At the same time a sending is before its message, and that before its dead letter.
  const lines = [
    ...entries.map((entry) => toSending(entry, found)),
    ...found.map((each) => toStored(each, withPayload)),
  ];
  lines.sort((a, b) => a.at - b.at);
  return lines.map(({ at, kind, text }) => toPrintable(`${new Date(at).toISOString()}  ${kind.padEnd(11)}  ${text}`));
}

/** When a sending arrived: its line was written when the outcome was known. */
export function toArrival({ timestamp, jsonPayload }: LogEntry): number {
  return Date.parse(timestamp) - (Number(jsonPayload?.latency_ms) || 0);
}

function toSending(entry: LogEntry, found: readonly StoredMessage[]): Line {
  const { resource, jsonPayload = {} } = entry;
  const { message, message_id, latency_ms, code, retryable, paths, error } = jsonPayload;
  const { service_name, revision_name } = resource.labels;
  const own = found.find(({ messageId }) => messageId === message_id);
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
  const at = Math.min(toArrival(entry), own?.publishTime ?? Infinity);
  return { at, kind: "sending", text: parts.filter(Boolean).join(" ") };
}

function toStored(message: StoredMessage, withPayload: boolean): Line {
  const { messageId, topic, data, orderingKey, attributes, publishTime: at } = message;
  const source = attributes.CloudPubSubDeadLetterSourceSubscription;
  const deliveries = attributes.CloudPubSubDeadLetterSourceDeliveryCount;
  const origin = source ? `, given up by ${source} after ${deliveries} deliveries` : "";
  const own = Object.entries(attributes).filter(([name]) => !name.startsWith("CloudPubSubDeadLetter"));
  const lines = [
    `${messageId} on ${topic}${origin}, ${data.length} bytes, key ${JSON.stringify(orderingKey)}`,
    `  ${own.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(" ")}`,
    ...(withPayload ? [`  ${data.toString("utf8")}`] : []),
  ];
  return { at, kind: source ? "dead letter" : "message", text: lines.join("\n") };
}

/** What callers wrote must not steer the terminal. */
export function toPrintable(text: string): string {
  return text.replace(/[^\P{Cc}\n]/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
