import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import type * as Package from "../../../../shared/client/index.ts";
import { commerce } from "../../../../shared/events/commerce.ts";
import { userActions } from "../../../../shared/events/user-actions.ts";
import { connectPubSub } from "../../../pubsub/client.ts";
import { type FaultyPubSub, startFaultyPubSub } from "../../../pubsub/faulty-pubsub.ts";
import { openSubscription } from "../../../pubsub/open-subscription.ts";
import { startFunction } from "../../function-process.ts";
import { startTcpProxy } from "../../tcp-proxy.ts";
import { type Front, startFront } from "./front.ts";
import { type Callers, drawBurst, insist, toEvent } from "./insistent-caller.ts";
import type { Random } from "./random.ts";
import { startRestartable } from "./restartable-function.ts";
import type { Stage, Step } from "./schedule.ts";
import { type Balance, type Planned, Tally, toId } from "./tally.ts";

const staged = new URL("../../../../dist/client/index.js", import.meta.url);

/** How long `close` may take in an outage, and how many events it is given. */
const [CLOSE_MS, LAST_EVENTS] = [500, 200];

/**
 * Sends through the staged client package.
 *
 * @param url of a front with the functions below it
 * @returns how a user's events are sent: alone, many at once, or gathered; and how a sender is closed in an outage
 */
async function createClientCaller(url: string, issueToken: () => string | undefined) {
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

const PROJECT = "soak";

/** What happens in one schedule. */
export interface ScheduleOptions {
  readonly random: Random;
  readonly steps: readonly Step[];
  /** For how long callers begin to send. */
  readonly durationMs: number;
  /** How long they have, once nothing goes wrong any more, until each event has its outcome. */
  readonly settleMs: number;
  readonly users: number;
  /** Through `@pulsecart/events`, with tokens that last this long. */
  readonly client?: { readonly tokenLifeMs: number };
}

export interface ScheduleReport extends Balance {
  /** What was wrong, in words. */
  readonly findings: readonly string[];
  /** Of the function's last process. */
  readonly peakMiB: number;
}

/** Runs one schedule against the staged `commerce` function, and keeps account of every event. */
export async function runSchedule(options: ScheduleOptions): Promise<ScheduleReport> {
  const tally = new Tally();
  const closing: (() => unknown)[] = [];
  try {
    const pubsub = await startFaultyPubSub();
    closing.push(() => pubsub.close());
    // What is poison is refused for what it is, whatever else goes wrong.
    usePoison(pubsub.faults);
    for (const { topic } of [commerce, userActions]) closing.push(await readTopic(pubsub, topic, tally));
    const network = await startTcpProxy(pubsub.endpoint);
    closing.push(() => network.close());
    // The heap is the platform's for an instance of 512 MiB.
    const env = { PUBLISH_TIMEOUT_MS: "1000", LOG_LEVEL: "error", NODE_OPTIONS: "--max-old-space-size=410" };
    const at = { endpoint: network.endpoint, project: PROJECT };
    const running = await startRestartable({ ...at, env });
    closing.push(() => running.stop());
    // The client's second function, for the order across functions; it is not killed.
    const other = options.client && (await startFunction("user-actions", { ...at, env }));
    closing.push(() => other?.stop());
    const findPort = (name: string) => (name === "commerce" ? running : (other ?? running)).port;
    const front = await startFront(findPort, tally, options.client?.tokenLifeMs);
    closing.push(() => front.close());

    const stage = { faults: pubsub.faults, network, running };
    const acts = play(options.steps, stage);
    const caller = options.client && (await createClientCaller(front.url, front.issueToken));
    await call(options, front, tally, caller?.send ?? insist, async () => {
      await acts;
      await heal(stage);
    });
    if (caller) {
      stage.faults.every(2, { kind: "error", code: status.UNAVAILABLE });
      await caller.closeInOutage(tally, options.users);
      await heal(stage);
    }
    for (const end = Date.now() + 10_000; tally.missing.length > 0 && Date.now() < end; ) await sleep(50);
    const [stderr, peakMiB] = [running.stderr(), await running.peakMemoryMiB()];
    const lost = tally.missing.map((id) => `lost: ${id}`);
    const findings = [...lost, ...tally.wrong, ...tally.altered.map((text) => `altered: ${text}`)];
    return { ...tally.balance(), peakMiB, findings: stderr === "" ? findings : [...findings, `stderr: ${stderr}`] };
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

async function readTopic(pubsub: FaultyPubSub, topic: string, tally: Tally): Promise<() => void> {
  const admin = connectPubSub(pubsub.endpoint, PROJECT);
  await admin.createTopic(topic);
  await admin.createSubscription(`soak-${topic}`, topic, { ordered: true });
  admin.close();
  const reader = openSubscription(pubsub.endpoint, PROJECT, `soak-${topic}`, (message) => tally.arrive(message));
  return () => reader.close();
}

function usePoison(faults: Stage["faults"]): void {
  faults.use(({ messages }) =>
    messages.some(({ attributes }) => attributes?.event_id?.startsWith("poison:"))
      ? { kind: "error", code: status.INVALID_ARGUMENT }
      : undefined,
  );
}

async function play(steps: readonly Step[], stage: Stage): Promise<void> {
  const startedAt = performance.now();
  const acts: unknown[] = [];
  for (const step of steps) {
    await sleep(Math.max(0, step.atMs - (performance.now() - startedAt)));
    acts.push(step.act(stage));
  }
  await Promise.all(acts);
}

/** Everything works from now on. */
async function heal({ faults, network, running }: Stage): Promise<void> {
  faults.clear();
  usePoison(faults);
  await network.restore();
  await running.settled();
}

/** Has all users' events sent, until each has its outcome or its time is over. */
async function call(
  { random, durationMs, settleMs, users }: ScheduleOptions,
  front: Front,
  tally: Tally,
  send: typeof insist,
  healed: () => Promise<void>,
): Promise<void> {
  const ended = new AbortController();
  const end = Date.now() + durationMs;
  const callers: Callers = {
    ...{ url: front.url, tally, random, hasEnded: ended.signal },
    goesOn: () => Date.now() < end && !ended.signal.aborted,
  };
  const sent = Promise.all(Array.from({ length: users }, (_, user) => send(callers, user)));
  await sleep(durationMs);
  await healed();
  const timer = setTimeout(() => ended.abort(), settleMs);
  await sent;
  clearTimeout(timer);
}
