import { expect, it, onTestFinished, vi } from "vitest";
import { connectPubSub } from "../client.ts";
import { openSubscription } from "../open-subscription.ts";
import type { Spare } from "./resources.ts";
import { startEmbeddedPubSub } from "./server.ts";

const MIB = 1024 * 1024;

async function start() {
  const onDrop = vi.fn<Spare["onDrop"]>();
  const server = await startEmbeddedPubSub({ spare: { isSpare: (name) => name === "spare", onDrop } });
  onTestFinished(() => server.close());
  const admin = connectPubSub(server.endpoint, "p");
  onTestFinished(() => admin.close());
  await admin.createTopic("topic");
  await admin.createSubscription("spare", "topic", { ordered: true });
  await admin.createSubscription("needed", "topic", { ordered: true });
  /** Publishes messages that hold their numbers, over seven users. */
  const publish = async (from: number, to: number, filler = "") => {
    for (let number = from; number < to; number += 1000) {
      const numbers = Array.from({ length: Math.min(1000, to - number) }, (_, index) => number + index);
      for (const [orderingKey, own] of Map.groupBy(numbers, (number) => `u${number % 7}`)) {
        const messages = own.map((number) => ({ data: Buffer.from(`${number} ${filler}`), orderingKey }));
        await admin.publish("topic", messages);
      }
    }
  };
  /** @returns the numbers that somebody who opens a subscription gets, without end */
  const open = (subscription: string) => {
    const numbers: number[] = [];
    const reader = openSubscription(server.endpoint, "p", subscription, ({ data }) =>
      numbers.push(Number.parseInt(data.toString(), 10)),
    );
    onTestFinished(() => reader.close());
    return { numbers, close: () => reader.close() };
  };
  return { server, onDrop, publish, open };
}

it("keeps the latest messages of a spare subscription that nobody has opened, and says once that it drops others", async () => {
  const { server, onDrop, publish, open } = await start();
  await publish(0, 10_000);
  expect([server.stats().held, onDrop.mock.calls]).toEqual([20_000, []]);
  await publish(10_000, 25_000);
  expect(onDrop.mock.calls).toEqual([["spare", 10_000]]);
  const { numbers } = open("spare");
  await expect.poll(() => numbers.length, { timeout: 20_000 }).toBe(10_000);
  expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from({ length: 10_000 }, (_, index) => 15_000 + index));
  for (let user = 0; user < 7; user++) {
    const own = numbers.filter((number) => number % 7 === user);
    expect(own).toEqual([...own].sort((a, b) => a - b));
  }
});

it("drops no message of any other subscription", async () => {
  const { publish, open } = await start();
  await publish(0, 12_000);
  const { numbers } = open("needed");
  await expect.poll(() => numbers.length, { timeout: 20_000 }).toBe(12_000);
});

it("drops nothing any more once somebody has opened it, also while they are away", async () => {
  const { server, onDrop, publish, open } = await start();
  const reader = open("spare");
  await publish(0, 10);
  await expect.poll(() => reader.numbers.length).toBe(10);
  reader.close();
  await publish(10, 15_010);
  expect([server.stats().held, onDrop.mock.calls.length]).toEqual([30_010, 0]);
});

it("keeps no more than 16 MiB, and the latest message whatever its size", async () => {
  const { server, publish } = await start();
  for (let number = 0; number < 10; number++) await publish(number, number + 1, "x".repeat(3 * MIB));
  expect(server.stats().held).toBe(10 + 5);
});
