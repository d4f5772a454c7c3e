import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { type FakeProducer, type ReceivedRequest, startFakeProducer } from "../../scripts/testing/fake-producer.ts";
import type { Client, ClientOptions } from "./api.ts";
import { createClient } from "./client.ts";
import { createSender } from "./create-sender.ts";
import type { PulseCartEvent } from "./event-unions.ts";

let producer: FakeProducer;
afterEach(() => producer?.close());

async function start(reply?: Parameters<typeof startFakeProducer>[0], options: ClientOptions = {}) {
  producer = await startFakeProducer(reply);
  return createClient({ baseUrl: producer.url, ...options });
}

function viewed(event_id: string, user_id = "u"): PulseCartEvent {
  return { event_type: "product.viewed", event_id, user_id, payload: { product_id: "p" } };
}

function placed(event_id: string, user_id = "u"): PulseCartEvent {
  const payload = { items: [{ product_id: "p", quantity: 1 }], total: 1 };
  return { event_type: "order.placed", event_id, user_id, order_id: "o", payload };
}

const functionOf = ({ path }: ReceivedRequest) => path.split("/")[1];
const idsOf = (requests: readonly ReceivedRequest[]) => requests.flatMap(({ events }) => events.map((e) => e.event_id));

describe("one user's events for several functions", () => {
  const events = [viewed("1"), placed("2"), viewed("3"), viewed("4"), placed("5")];
  const ways: [string, (client: Client) => Promise<unknown>][] = [
    ["sendAll", (client) => client.sendAll(events)],
    ["send", (client) => Promise.all(events.map((event) => client.send(event)))],
    [
      "a sender",
      (client) => {
        // Two of commerce's fill a batch, while those of user-actions wait for company.
        const sender = createSender(client, { maxEvents: 2 });
        return Promise.all(events.map((event) => sender.send(event)));
      },
    ],
    [
      "all of them",
      (client) => {
        const sender = createSender(client, { maxDelayMs: 300 });
        return Promise.all([
          sender.send(viewed("1")),
          client.send(placed("2")),
          client.sendAll([viewed("3"), viewed("4")]),
          sender.send(placed("5")),
        ]);
      },
    ],
  ];
  it.each(ways)("go in the order in which they were given, one function at a time, by %s", async (_, send) => {
    const client = await start(async () => {
      await sleep(5);
      return undefined;
    });
    await send(client);
    expect(idsOf(producer.requests)).toEqual(["1", "2", "3", "4", "5"]);
    expect(producer.mostOfOneUser).toBe(1);
  });

  it("keep their order while requests fail, beside other users'", async () => {
    let requests = 0;
    const client = await start(() => (requests++ % 3 === 0 ? { status: 503 } : undefined));
    const users = Array.from({ length: 8 }, (_, i) => `u${i}`);
    const given = users.flatMap((user) =>
      Array.from({ length: 12 }, (_, i) => (i % 3 === 0 ? placed : viewed)(`${user}-${i}`, user)),
    );
    const results = await client.sendAll(given);
    expect(results.every(({ error }) => error === undefined)).toBe(true);
    expect(producer.mostOfOneUser).toBe(1);
    for (const user of users) {
      const mine = [...new Set(idsOf(producer.requests).filter((id) => String(id).startsWith(`${user}-`)))];
      expect(mine).toEqual(given.filter(({ user_id }) => user_id === user).map(({ event_id }) => event_id));
    }
    expect(new Set(producer.requests.map(functionOf))).toEqual(new Set(["commerce", "user-actions"]));
  });
});

describe("users in trouble", () => {
  it("hold up nobody: neither four slow ones, nor as many as have all but one request", async () => {
    const release: (() => void)[] = [];
    const isSlow = ({ events }: ReceivedRequest) => events.some(({ user_id }) => String(user_id).startsWith("slow"));
    const client = await start(async (request) => {
      if (isSlow(request)) await new Promise<void>((resolve) => release.push(resolve));
      return undefined;
    });
    const slow = Array.from({ length: 60 }, (_, i) => client.send(viewed(`s${i}`, `slow-${i}`)));
    await expect.poll(() => release.length).toBe(60);
    const others = await client.sendAll(Array.from({ length: 200 }, (_, i) => viewed(`f${i}`, `fast-${i}`)));
    expect(others.every(({ error }) => error === undefined)).toBe(true);
    for (const resolve of release) resolve();
    await Promise.all(slow);
  });

  it("share batches with each other, once others' events were taken and theirs were not", async () => {
    const isTroubled = (user: unknown) => String(user).startsWith("bad");
    const client = await start(({ events, isBatch }) => {
      if (!isBatch) return undefined;
      const results = events.map(({ event_id, user_id }) =>
        isTroubled(user_id) ? { status: 504, event_id, retryable: true } : { status: 202, event_id, message_id: "m" },
      );
      return { status: 207, body: { results } };
    });
    const events = ["bad-1", "good-1", "bad-2", "good-2"].flatMap((user) =>
      [0, 1].map((i) => viewed(`${user}-${i}`, user)),
    );
    const sent = client.sendAll(events, { timeoutMs: 1500 });
    await expect.poll(() => producer.requests.length).toBeGreaterThan(1);
    for (const { events } of producer.requests.slice(1)) {
      expect(new Set(events.map(({ user_id }) => isTroubled(user_id))).size).toBe(1);
    }
    await sent;
  });
});

describe("limits of requests", () => {
  it("hold for send and sendAll together", async () => {
    const client = await start(
      async () => {
        await sleep(5);
        return undefined;
      },
      { maxRequests: 5 },
    );
    await Promise.all([
      ...Array.from({ length: 60 }, (_, i) => client.send(viewed(`a${i}`, `a${i}`))),
      ...Array.from({ length: 10 }, (_, i) => client.sendAll([viewed(`b${i}`, `b${i}`), viewed(`c${i}`, `c${i}`)])),
    ]);
    expect(producer.mostAtOnce).toBe(5);
    expect(idsOf(producer.requests)).toHaveLength(80);
  });
});

it("a user's long backlog goes in full batches, and each event leaves it once", { timeout: 60_000 }, async () => {
  const client = await start();
  const results = await client.sendAll(Array.from({ length: 40_000 }, (_, i) => viewed(`e${i}`)));
  expect(results.every(({ error }) => error === undefined)).toBe(true);
  expect(producer.requests.map(({ events }) => events.length)).toEqual(Array(40).fill(1000));
  expect(idsOf(producer.requests)).toEqual(Array.from({ length: 40_000 }, (_, i) => `e${i}`));
});
