import type { ArrivedMessage } from "../pubsub/open-subscription.ts";
import type { LogEntry } from "./log-entries.ts";

/** What a topic has of an event. */
export interface Stored {
  readonly kind: "message" | "dead letter";
  readonly topic: string;
  readonly message: ArrivedMessage;
}

const kinds = ["sending", "message", "dead letter"] as const;

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
export function toStory(entries: readonly LogEntry[], found: readonly Stored[], withPayload: boolean): string[] {
  const messages = found.filter(({ kind }) => kind === "message");
  const lines = [
    ...entries.map((entry) => {
      const own = messages.find(({ message }) => message.messageId === entry.jsonPayload?.message_id)?.message;
      // Lines have another clock than messages, and are late where a machine is busy.
      const at = Math.min(toArrival(entry), own?.publishTime ?? Infinity);
      return { at, kind: "sending", text: toSending(entry, own?.attributes.caller) } as const;
    }),
    ...found.map((each) => ({ at: each.message.publishTime, kind: each.kind, text: toText(each, withPayload) })),
  ];
  lines.sort((a, b) => a.at - b.at || kinds.indexOf(a.kind) - kinds.indexOf(b.kind));
  return lines.map(({ at, kind, text }) => toPrintable(`${new Date(at).toISOString()}  ${kind.padEnd(11)}  ${text}`));
}

/** When a sending arrived: its line was written when the outcome was known. */
export function toArrival({ timestamp, jsonPayload }: LogEntry): number {
  return Date.parse(timestamp) - (Number(jsonPayload?.latency_ms) || 0);
}

function toSending({ resource, jsonPayload = {} }: LogEntry, callerOfMessage?: string): string {
  const { message, message_id, latency_ms, code, retryable, paths, error, caller = callerOfMessage } = jsonPayload;
  const { service_name, revision_name } = resource.labels;
  const parts = [
    `to ${service_name}${revision_name ? ` (${revision_name})` : ""}${caller ? ` by ${caller}` : ""}:`,
    outcomes[String(message)] ?? message,
    code && `${code}${retryable ? ", to be sent again" : ""}`,
    message_id && `as message ${message_id}`,
    `after ${latency_ms} ms`,
    paths && `at ${String(paths).replaceAll(" ", ", ")}`,
    error && `(${error})`,
  ];
  return parts.filter(Boolean).join(" ");
}

function toText({ topic, kind, message }: Stored, withPayload: boolean): string {
  const { messageId, data, orderingKey, attributes } = message;
  const source = attributes.CloudPubSubDeadLetterSourceSubscription;
  const deliveries = attributes.CloudPubSubDeadLetterSourceDeliveryCount;
  const origin = kind === "dead letter" ? `, given up by ${source} after ${deliveries} deliveries` : "";
  const own = Object.entries(attributes).filter(([name]) => !name.startsWith("CloudPubSubDeadLetter"));
  return [
    `${messageId} on ${topic}${origin}, ${data.length} bytes, key ${JSON.stringify(orderingKey)}`,
    `  ${own.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(" ")}`,
    ...(withPayload ? [`  ${data.toString("utf8")}`] : []),
  ].join("\n");
}

/** What callers wrote must not steer the terminal. */
export function toPrintable(text: string): string {
  return text.replace(/[^\P{Cc}\n]/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
