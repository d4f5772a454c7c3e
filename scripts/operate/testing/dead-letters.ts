import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { PubSub } from "../../deploy/gcloud/cloud-pubsub.ts";
import type { ArrivedMessage } from "../../pubsub/open-subscription.ts";
import { type Order, runRedrive } from "../run-redrive.ts";
import { connect } from "../source.ts";
import { openStack } from "./operated-stack.ts";

const everything: Order = {
  ...{ type: undefined, before: Infinity, limit: Infinity, rate: 10_000, isDry: false },
  ...{ leaseSeconds: 1, quietMs: 400 },
};

export interface Letter {
  readonly key?: string;
  readonly id: string;
  readonly type?: string;
  readonly redriven?: string;
  /** When it was first published, in seconds. */
  readonly origin?: number;
}

export const toBytes = (id: string) =>
  Buffer.from(`{"event_id": "${id}","n":9007199254740993, "price":89.90,"t":"\\u00e9é"}`);
export const toId = ({ data }: ArrivedMessage) => (JSON.parse(data.toString()) as { event_id: string }).event_id;

let stacks = 0;

/** A stack in which these are dead letters, in this order. */
export async function openDeadLetters(
  endpoint: string,
  letters: readonly Letter[] = [],
  kind?: "embedded" | "emulator",
) {
  stacks += 1;
  const stack = await openStack(endpoint, `redrive-${stacks}`, kind);
  for (const { key = "u", id, type = "order.placed", redriven, origin = 0 } of letters) {
    const attributes = {
      ...{ event_type: type, event_id: id, googclient_traceparent: "00-a-b-01" },
      ...(redriven && { redriven }),
      CloudPubSubDeadLetterSourceSubscription: stack.subscription,
      CloudPubSubDeadLetterSourceDeliveryCount: "10",
      CloudPubSubDeadLetterSourceTopicPublishTime: new Date(origin * 1000).toISOString(),
    };
    await stack.admin.publish(stack.deadLetter, [{ data: toBytes(id), orderingKey: key, attributes }]);
  }
  const reconnect = () => connect({ kind: "local", url: stack.url });
  return {
    ...stack,
    connect: reconnect,
    redrive: async (order: Partial<Order> = {}, connection?: PubSub) =>
      runRedrive(
        connection ?? (await reconnect()),
        stack.topic,
        { ...everything, ...order },
        new AbortController().signal,
      ),
    /** The ids of what is still a dead letter. */
    readKept: async () => (await stack.pull(stack.kept)).map(toId),
  };
}

/** Three letters of each of four users. */
export const ofFourUsers = ["a", "b", "c", "d"].flatMap((key) =>
  ["1", "2", "3"].map((n) => ({ key, id: `${key}${n}` })),
);

/** Redrives, whatever fails or whoever is killed, until there is nothing left. @returns what each run ended with */
export async function redriveAll(
  stack: Awaited<ReturnType<typeof openDeadLetters>>,
  killAfter: (run: number) => number,
) {
  const codes: (0 | 1 | "killed")[] = [];
  const isComplete = () => new Set(stack.published.map(toId)).size === ofFourUsers.length;
  for (let published = 1; published > 0 || codes.at(-1) !== 0 || !isComplete(); ) {
    if (codes.length > 40) throw new Error(`it does not end: ${codes.join(" ")}`);
    const connection = watch(await stack.connect(), killAfter(codes.length));
    const run = stack.redrive({}, connection);
    codes.push(await Promise.race([run, connection.death.then(() => "killed" as const)]));
    published = connection.published();
    // What a killed one had in hand is back then.
    if (codes.at(-1) === "killed") published = 1;
    await sleep(codes.at(-1) === "killed" || published === 0 ? 1_300 : 0);
  }
  return codes;
}

/** Each arrived as it was sent, and a key's first copies in order. */
export function expectAll(published: readonly ArrivedMessage[], mostOfKey: number): void {
  const ids = published.map(toId);
  for (const key of ["a", "b", "c", "d"]) {
    const own = ids.filter((id) => id.startsWith(key));
    expect(own.filter((id, index) => own.indexOf(id) === index)).toEqual([`${key}1`, `${key}2`, `${key}3`]);
    expect(own.length, own.join(" ")).toBeLessThanOrEqual(mostOfKey);
  }
  for (const message of published) {
    const { data, orderingKey, attributes } = message;
    const id = toId(message);
    expect([data, orderingKey, attributes.redriven, attributes.event_id]).toEqual([toBytes(id), id[0], "1", id]);
  }
}

/** Calls as a process makes them that is killed once this many were carried out: it never hears of the last. */
function watch(connection: PubSub, killAfter: number) {
  const { promise: death, resolve: die } = Promise.withResolvers<void>();
  let calls = 0;
  let published = 0;
  const never = new Promise<never>(() => {});
  const watched =
    (name: keyof PubSub) =>
    (...args: never[]) => {
      if (calls >= killAfter) return never;
      calls += 1;
      if (name === "publish") published += 1;
      const answer = (connection[name] as (...args: never[]) => unknown)(...args);
      if (calls < killAfter) return answer;
      Promise.resolve(answer)
        .finally(die)
        .catch(() => {});
      return never;
    };
  const names = Object.keys(connection) as (keyof PubSub)[];
  const methods = Object.fromEntries(names.map((name) => [name, watched(name)])) as unknown as PubSub;
  return { ...methods, death, published: () => published };
}
