import { setImmediate as turn } from "node:timers/promises";
import type * as Package from "../../../../shared/client/index.ts";
import { type Callers, drawBurst } from "./insistent-caller.ts";
import { toEvent } from "./planned-event.ts";
import { type Planned, type Tally, toId } from "./tally.ts";

const staged = new URL("../../../../dist/client/index.js", import.meta.url);

/** How long `close` may take in an outage, and how many events it is given. */
const [CLOSE_MS, LAST_EVENTS] = [500, 200];

/**
 * Sends through the staged client package.
 *
 * @param url of a front with the functions below it
 * @returns how a user's events are sent: alone, many at once, or gathered; and how a sender is closed in an outage
 */
export async function createClientCaller(url: string, issueToken: () => string | undefined) {
  const { createClient, createSender, RefusedError } = (await import(staged.href)) as typeof Package;
  const givenBack = new Set<unknown>();
  const client = createClient({
    baseUrl: url,
    token: toCachedToken(issueToken),
    onError: (_, event) => givenBack.add(event.event_id),
  });
  const sender = createSender(client, { maxDelayMs: 20 });

  async function send({ tally, random, goesOn, hasEnded }: Callers, user: number): Promise<void> {
    for (let sequence = 0; goesOn(); await turn()) {
      const burst = drawBurst(random, user, sequence);
      sequence += burst.length;
      for (const event of burst) tally.plan(event, JSON.stringify(toAnyEvent(event)));
      const way = random.pick(["send", "sendAll", "sender"] as const);
      const options = { signal: hasEnded };
      // What is no good event is of a shape that the types refuse.
      const events = burst.map(toAnyEvent) as Package.PulseCartEvent[];
      const outcomes =
        way === "sendAll"
          ? await client.sendAll(events, options).catch((error: unknown) => events.map(() => ({ error })))
          : await Promise.all(
              events.map((event) =>
                (way === "send" ? client : sender).send(event, options).then(
                  () => ({ error: undefined }),
                  (error: unknown) => ({ error }),
                ),
              ),
            );
      burst.forEach((event, i) => {
        const error = outcomes[i]?.error;
        if (error instanceof RefusedError) {
          if (event.kind === "good") tally.wrong.push(`A good event was given up: ${error.message}`);
        } else if (error !== undefined) tally.unsettled++;
        else if (event.kind === "good") tally.accept(event);
        else tally.wrong.push(`What is ${event.kind} was accepted.`);
      });
    }
  }

  /** Closes a sender in an outage: what it does not give back must have arrived. */
  async function closeInOutage(tally: Tally, firstUser: number): Promise<void> {
    const sender = createSender(client, { maxDelayMs: 5, maxEvents: 10 });
    const events = Array.from(
      { length: LAST_EVENTS },
      (_, i): Planned => ({ kind: "good", user: firstUser + (i % 10), sequence: i }),
    );
    for (const event of events) {
      tally.plan(event, JSON.stringify(toAnyEvent(event)));
      sender.add(toAnyEvent(event) as Package.PulseCartEvent);
    }
    await sender.close({ timeoutMs: CLOSE_MS });
    for (const event of events) {
      if (givenBack.has(toId(event))) tally.givenBack++;
      else tally.accept(event);
    }
  }

  return { send, closeInOutage };
}

/** Events for both functions in turn, where they are good ones. */
function toAnyEvent(event: Planned) {
  const { event_id, timestamp, user_id } = toEvent(event);
  if (event.kind !== "good" || event.sequence % 3 > 0) return toEvent(event);
  return { event_type: "product.viewed", event_id, timestamp, user_id, payload: { product_id: "café 😀" } } as const;
}

/** As services do: a token is kept until it is refused. */
function toCachedToken(issue: () => string | undefined): Package.TokenSource {
  let cached = issue();
  return (_, refused) => {
    if (refused === cached) cached = issue();
    return cached;
  };
}
