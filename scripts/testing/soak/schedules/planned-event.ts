import { type Planned, toId } from "./tally.ts";

/** One event of a schedule as it is sent, with id and timestamp, so that exactly these bytes must arrive. */
export function toEvent(event: Planned) {
  const { kind, user, sequence } = event;
  return {
    event_type: "payment.failed",
    event_id: toId(event),
    timestamp: "2026-01-01T00:00:00.000Z",
    user_id: `usr_${user}`,
    ...(kind === "invalid" ? {} : { order_id: `ord_${sequence}` }),
    payload: { reason: "card_declined", amount: 89.9, currency: "EUR", attempt: 1 + (sequence % 3), note: "café 😀" },
  } as const;
}

/** The same as text, with a number that no parser of JavaScript brings back. */
export function toBody(event: Planned): string {
  return JSON.stringify(toEvent(event)).replace('"amount":89.9', '"amount":89.90,"ledger":9007199254740993123');
}
