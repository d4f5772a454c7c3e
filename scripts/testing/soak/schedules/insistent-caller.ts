import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "./random.ts";
import { type Planned, type Tally, toId } from "./tally.ts";

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
function toBody(event: Planned): string {
  return JSON.stringify(toEvent(event)).replace('"amount":89.9', '"amount":89.90,"ledger":9007199254740993123');
}

/** Longer than the function takes for an answer, frozen or not. */
const ATTEMPT_TIMEOUT_MS = 6000;

/** What callers of a schedule share. */
export interface Callers {
  readonly url: string;
  readonly tally: Tally;
  readonly random: Random;
  /** Whether another burst begins; what has begun is brought to its end in any case. */
  goesOn(): boolean;
  /** After this what has no outcome is given up, and counted. */
  readonly hasEnded: AbortSignal;
}

/** Draws a user's next events: most of them good. */
export function drawBurst(random: Random, user: number, from: number): Planned[] {
  return Array.from({ length: random.between(1, 5) }, (_, i) => {
    const chance = random.next();
    const kind = chance < 0.05 ? "poison" : chance < 0.1 ? "invalid" : "good";
    return { kind, user, sequence: from + i };
  });
}

/** Sends one user's events in order by the documented rule, more eagerly than it says, until each has its outcome. */
export async function insist(callers: Callers, user: number): Promise<void> {
  const { random, tally } = callers;
  for (let sequence = 0; callers.goesOn(); ) {
    const burst = drawBurst(random, user, sequence);
    sequence += burst.length;
    for (const event of burst) tally.plan(event, toBody(event));
    const isBatch = random.next() < 0.5;
    for (const events of isBatch ? [burst] : burst.map((event) => [event])) await deliver(callers, events, isBatch);
  }
}

async function deliver(callers: Callers, events: readonly Planned[], isBatch: boolean): Promise<void> {
  for (let open = events; open.length > 0; ) {
    if (callers.hasEnded.aborted) {
      callers.tally.unsettled += open.length;
      return;
    }
    const statuses = await attempt(callers, open, isBatch).catch(() => undefined);
    if (statuses) {
      open.forEach((event, i) => {
        if (statuses[i] === "accepted") callers.tally.accept(event);
      });
      open = open.filter((_, i) => statuses[i] === "again");
    }
    if (open.length > 0) await sleep(callers.random.between(20, 150));
  }
}

/** @throws Error when there is no answer that can be read */
async function attempt({ url, hasEnded }: Callers, events: readonly Planned[], isBatch: boolean) {
  const bodies = events.map(toBody);
  const response = await fetch(`${url}/events/${isBatch ? "batch" : "ingest"}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: isBatch ? `[${bodies.join(",")}]` : (bodies[0] as string),
    signal: AbortSignal.any([AbortSignal.timeout(ATTEMPT_TIMEOUT_MS), hasEnded]),
  });
  const { status } = response;
  const answer = (await response.json()) as Record<string, unknown>;
  const results = Array.isArray(answer.results) ? answer.results : events.map(() => ({ ...answer, status }));
  return events.map((event, i) => toStatus(event, results[i]));
}

function toStatus(event: Planned, result: Record<string, unknown>): "accepted" | "again" | "final" {
  const status = Number(result.status);
  if (status === 202) {
    if (result.event_id !== toId(event)) throw new Error("An answer is for another event.");
    return "accepted";
  }
  return (status >= 500 || status === 408 || status === 429) && result.retryable !== false ? "again" : "final";
}
