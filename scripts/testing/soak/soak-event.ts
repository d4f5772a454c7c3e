import type { ArrivedMessage } from "../../pubsub/open-subscription.ts";

const EVENT_TYPE = "payment.failed";

/** One event of the soak: the user's `sequence`th. All there is to it follows from these two numbers. */
export interface SoakEvent {
  readonly user: number;
  readonly sequence: number;
}

/** @returns the event's identity, from which {@link readEventId} finds it again */
export function toEventId({ user, sequence }: SoakEvent): string {
  return `soak:${user}:${sequence}`;
}

/** @returns undefined when the id is none of the soak's */
export function readEventId(id: string | undefined): SoakEvent | undefined {
  const [, user, sequence] = /^soak:(\d+):(\d+)$/.exec(id ?? "") ?? [];
  return user === undefined ? undefined : { user: Number(user), sequence: Number(sequence) };
}

/**
 * The event as it is sent, with id and timestamp, so that exactly these bytes must arrive. The numbers in it are such that
 * no parser of JavaScript brings them back: 25 digits, a trailing zero, beyond the range of a double.
 */
export function toBody(event: SoakEvent): string {
  const { user, sequence } = event;
  const digits = `9007199254740993${String(sequence).padStart(9, "0")}`;
  return (
    `{"event_type":"${EVENT_TYPE}","event_id":"${toEventId(event)}","timestamp":"2026-01-01T00:00:00.000Z",` +
    `"user_id":"${toUserId(user)}","order_id":"ord_${sequence}", "payload":{"reason":"card_declined","sequence":${sequence},` +
    `"ledger":${digits},"amount":89.90,"limit":1e400,"note":"caf\\u00e9 \\ud83d\\ude00"}}`
  );
}

/** Whether a message is its event, byte for byte, under its user's key and with its attributes. */
export function isUnaltered(message: ArrivedMessage, event: SoakEvent): boolean {
  return (
    message.data.equals(Buffer.from(toBody(event))) &&
    message.orderingKey === toUserId(event.user) &&
    message.attributes.event_type === EVENT_TYPE &&
    message.attributes.event_id === toEventId(event)
  );
}

function toUserId(user: number): string {
  return `usr_${user}`;
}
