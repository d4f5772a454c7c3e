import { setImmediate as turn } from "node:timers/promises";
import type * as Package from "../../../../shared/client/index.ts";
import { type Callers, drawBurst } from "./insistent-caller.ts";
import { toEvent } from "./planned-event.ts";

const staged = new URL("../../../../dist/client/index.js", import.meta.url);

/** @returns how a user's events are sent through the staged client package: alone, many at once, or gathered */
export async function createClientCaller(url: string, issueToken: () => string | undefined) {
  const { createClient, createSender, RefusedError } = (await import(staged.href)) as typeof Package;
  const client = createClient({ urls: { commerce: url }, token: toCachedToken(issueToken) });
  const sender = createSender(client, { maxDelayMs: 20 });

  return async function send({ tally, random, goesOn, hasEnded }: Callers, user: number): Promise<void> {
    for (let sequence = 0; goesOn(); await turn()) {
      const burst = drawBurst(random, user, sequence);
      sequence += burst.length;
      for (const event of burst) tally.plan(event, JSON.stringify(toEvent(event)));
      const way = random.pick(["send", "sendAll", "sender"] as const);
      const options = { signal: hasEnded };
      // What is no good event is of a shape that the types refuse.
      const events = burst.map(toEvent) as Package.PulseCartEvent[];
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
  };
}

/** As services do: a token is kept until it is refused. */
function toCachedToken(issue: () => string | undefined): Package.TokenSource {
  let cached = issue();
  return (_, refused) => {
    if (refused === cached) cached = issue();
    return cached;
  };
}
