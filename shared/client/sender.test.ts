import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { type FakeProducer, startFakeProducer } from "../../scripts/testing/fake-producer.ts";
import type { Client, SenderOptions } from "./api.ts";
import { createClient } from "./client.ts";
import { createSender } from "./create-sender.ts";
import type { PulseCartEvent } from "./event-unions.ts";

let producer: FakeProducer;
afterEach(() => producer?.close());

async function start(reply?: Parameters<typeof startFakeProducer>[0], options?: SenderOptions) {
  producer = await startFakeProducer(reply);
  return createSender(createClient({ baseUrl: producer.url, timeoutMs: 10_000 }), options);
}

function toEvent(user: string, event_id: string, more: object = {}): PulseCartEvent {
  return { event_type: "product.viewed", user_id: user, event_id, payload: { product_id: "p" }, ...more };
}

const sizes = () => producer.requests.map(({ events }) => events.length);

describe("createSender", () => {
  it("gathers what comes within the delay, and answers each with its own outcome", async () => {
    const sender = await start(({ events }) => ({
      status: 207,
      body: {
        results: events.map(({ event_id }) =>
          event_id === "e3" ? { status: 422, code: "invalid_event" } : { status: 202, event_id, message_id: "m" },
        ),
      },
    }));
    const sent = Array.from({ length: 10 }, (_, i) => sender.send(toEvent(`u${i % 3}`, `e${i}`)));
    const outcomes = await Promise.allSettled(sent);
    expect(outcomes.map(({ status }) => status)).toEqual(outcomes.map((_, i) => (i === 3 ? "rejected" : "fulfilled")));
    expect(sizes()).toEqual([10]);
  });

  it("keeps to the events and bytes of a batch", async () => {
    const sender = await start(undefined, { maxEvents: 4, maxBytes: 1000, maxDelayMs: 10 });
    const large = { note: "x".repeat(700) };
    await Promise.all([
      ...Array.from({ length: 10 }, (_, i) => sender.send(toEvent(`u${i}`, `e${i}`))),
      ...Array.from({ length: 3 }, (_, i) => sender.send(toEvent(`v${i}`, `f${i}`, large))),
    ]);
    expect(Math.max(...sizes())).toBe(4);
    for (const { text, events } of producer.requests)
      if (events.length > 1) expect(text.length).toBeLessThanOrEqual(1000);
  });

  it("keeps one user's events in order over batches that must be sent again", async () => {
    const sender = await start(
      async (_, before) => {
        await sleep(5);
        return before % 2 === 0 ? { status: 503, body: {} } : undefined;
      },
      { maxEvents: 3, maxDelayMs: 1 },
    );
    const order: string[] = [];
    const sent = Array.from({ length: 20 }, (_, i) =>
      sender.send(toEvent("u", `e${i}`)).then(({ event_id }) => order.push(event_id)),
    );
    await Promise.all(sent);
    expect(order).toEqual(order.map((_, i) => `e${i}`));
    expect(producer.mostOfOneUser).toBe(1);
  });

  it("has no more under way than it is told to; the others wait", async () => {
    let [open, most] = [0, 0];
    const sender = await start(
      async ({ events }) => {
        open += events.length;
        most = Math.max(most, open);
        await sleep(20);
        open -= events.length;
        return undefined;
      },
      { maxPending: 5, maxEvents: 2, maxDelayMs: 1 },
    );
    const sent: Promise<unknown>[] = [];
    for (let i = 0; i < 30; i++) {
      await sender.ready();
      sent.push(sender.send(toEvent(`u${i}`, `e${i}`)));
    }
    for (let i = 0; i < 30; i++) sent.push(sender.send(toEvent(`v${i}`, `f${i}`)));
    await Promise.all(sent);
    expect(most).toBe(5);
    expect(producer.requests.flatMap(({ events }) => events)).toHaveLength(60);
  });

  it("flush and close send at once, wait for all, and lose nothing; then it takes no more", async () => {
    const sender = await start(() => sleep(10, undefined), { maxDelayMs: 60_000, maxPending: 10 });
    let settled = 0;
    const send = (id: string) => sender.send(toEvent(id, id)).finally(() => settled++);
    const sent = Array.from({ length: 35 }, (_, i) => send(`e${i}`));
    await sender.flush();
    expect(settled).toBe(35);
    sent.push(send("last"));
    await sender.close();
    expect(settled).toBe(36);
    await Promise.all(sent);
    await expect(sender.send(toEvent("u", "late"))).rejects.toThrow("closed");
    expect(producer.requests.flatMap(({ events }) => events)).toHaveLength(36);
  });

  it("ends with the caller's signal and in its time, also while an event waits for company", async () => {
    const sender = await start(undefined, { maxDelayMs: 200 });
    const aborted = sender.send(toEvent("a", "1"), { signal: AbortSignal.timeout(20) });
    const late = sender.send(toEvent("b", "2"), { timeoutMs: 20 });
    const kept = sender.send(toEvent("c", "3"));
    await expect(aborted).rejects.toMatchObject({ name: "AbortError" });
    await expect(late).rejects.toMatchObject({ name: "UnavailableError" });
    await kept;
    expect(producer.requests.flatMap(({ events }) => events)).toHaveLength(1);
  });

  it("refuses at once what cannot be sent, and what is no client", async () => {
    const sender = await start();
    await expect(sender.send(toEvent("u", "x", { big: 1n }))).rejects.toMatchObject({ name: "RefusedError" });
    await sender.close();
    expect(() => createSender({ send: () => {} } as unknown as Client)).toThrow(TypeError);
  });
});
