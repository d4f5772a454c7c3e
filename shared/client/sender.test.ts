import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type FakeProducer, type Reply, startFakeProducer } from "../../scripts/testing/fake-producer.ts";
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

  it("sends through any client: one that has send and sendAll alone", async () => {
    const batches: (readonly PulseCartEvent[])[] = [];
    const own: Client = {
      send: () => expect.fail("Events are gathered."),
      async sendAll(events) {
        batches.push(events);
        if (events.some(({ user_id }) => user_id === "down")) throw new Error("down");
        return events.map(({ event_id = "" }) => ({ event_id, message_id: "own" }));
      },
    };
    const sender = createSender(own, { maxDelayMs: 10 });
    const sent = ["1", "2"].map((id) => sender.send(toEvent("u", id)));
    expect(await Promise.all(sent)).toEqual(["1", "2"].map((event_id) => ({ event_id, message_id: "own" })));
    expect(batches).toEqual([[toEvent("u", "1"), toEvent("u", "2")]]);
    await expect(sender.send(toEvent("down", "3"))).rejects.toThrow(/its client has no result.*down/);
    await sender.close();
  });
});

describe("the end of a sender", () => {
  const outage = () => ({ status: 503, body: { code: "publish_unavailable", retryable: true } });

  it("gives up in time what the producer has not taken, each event with itself", async () => {
    const lost: PulseCartEvent[] = [];
    producer = await startFakeProducer(outage);
    const onError = (error: { name: string }, event: PulseCartEvent) => {
      expect(error.name).toBe("UnavailableError");
      lost.push(event);
    };
    const sender = createSender(createClient({ baseUrl: producer.url, onError }), { maxPending: 50 });
    const given = Array.from({ length: 250 }, (_, i) => toEvent(`u${i % 10}`, `e${i}`));
    const sent = given.slice(0, 125).map((event) => sender.send(event).catch((error) => error));
    for (const event of given.slice(125)) sender.add(event);
    const startedAt = performance.now();
    await sender.close({ timeoutMs: 300 });
    expect(performance.now() - startedAt).toBeLessThan(3000);
    for (const error of await Promise.all(sent)) lost.unshift(error.event);
    expect(new Set(lost.map(({ event_id }) => event_id))).toEqual(new Set(given.map(({ event_id }) => event_id)));
    expect(lost).toContainEqual(given[0]);
    const late = await sender.send(toEvent("u", "late")).catch((error) => error);
    expect(late).toMatchObject({
      name: "UnavailableError",
      message: expect.stringContaining("closed"),
      event_id: "late",
    });
  });

  it("tells of what it gave up before it returns: the process may end behind it", async () => {
    const told: string[] = [];
    producer = await startFakeProducer(outage);
    const client = createClient({ baseUrl: producer.url, onError: ({ event_id }) => told.push(event_id) });
    const sender = createSender(client);
    sender.send(toEvent("a", "sent")).catch(({ event_id }) => told.push(event_id));
    sender.add(toEvent("b", "added"));
    await sender.close({ timeoutMs: 50 });
    expect(told.toSorted()).toEqual(["added", "sent"]);
  });

  it("does so when its signal aborts; flush only stops waiting, by time and by signal", async () => {
    let isDown = true;
    const sender = await start(() => (isDown ? outage() : undefined));
    const [first, second] = ["a", "b"].map((id) => sender.send(toEvent(id, id)));
    await sender.flush({ timeoutMs: 0 });
    await sender.flush({ signal: AbortSignal.timeout(50) });
    await sender.flush({ timeoutMs: 50 });
    isDown = false;
    expect(await Promise.all([first, second])).toHaveLength(2);
    isDown = true;
    const third = sender.send(toEvent("c", "c")).catch((error) => error);
    await sender.close({ signal: AbortSignal.timeout(50) });
    expect(await third).toMatchObject({ name: "UnavailableError", event: { event_id: "c" } });
  });

  it("comes with `await using`", async () => {
    {
      await using sender = await start(undefined, { maxDelayMs: 60_000 });
      sender.add(toEvent("u", "1"));
    }
    expect(producer.requests).toHaveLength(1);
  });
});

describe("add", () => {
  it("returns nothing, and has a line on stderr for each event that is not accepted", async () => {
    const lines = vi.spyOn(console, "error").mockImplementation(() => {});
    const sender = await start(() => ({ status: 422, body: { code: "invalid_event", detail: "one\nfield" } }));
    expect(sender.add(toEvent("u", "1"))).toBeUndefined();
    sender.add(toEvent("u", "2", { big: 1n }));
    sender.add(undefined as unknown as PulseCartEvent);
    await sender.close();
    sender.add(toEvent("u", "3"));
    await expect.poll(() => lines.mock.calls.length).toBe(4);
    for (const [line] of lines.mock.calls) expect(line).toMatch(/^@pulsecart\/events: [^\n]+$/);
    lines.mockRestore();
  });

  it("tells onError, whatever that does, and onRetry of each request that is repeated", async () => {
    const lines = vi.spyOn(console, "error").mockImplementation(() => {});
    const retries: object[] = [];
    producer = await startFakeProducer((_, before) =>
      before === 0 ? { status: 503, body: { detail: "full" } } : { status: 403 },
    );
    const client = createClient({
      baseUrl: producer.url,
      onError: () => {
        throw new Error("my own fault");
      },
      onRetry: (retry) => retries.push(retry),
    });
    const sender = createSender(client, { maxDelayMs: 1 });
    sender.add(toEvent("u", "1"));
    sender.add(toEvent("v", "2"));
    await sender.close();
    await expect.poll(() => lines.mock.calls.length).toBe(2);
    expect(lines.mock.calls[0]?.[0]).toContain("my own fault");
    expect(retries).toEqual([
      expect.objectContaining({
        function: "user-actions",
        event_ids: ["1", "2"],
        attempts: 1,
        status: 503,
        delayMs: expect.any(Number),
      }),
    ]);
    lines.mockRestore();
  });
});

describe("bounds", () => {
  it("hold when 5,000 callers wait and wake at once", async () => {
    const sender = await start(() => sleep(5, undefined), { maxPending: 100, maxDelayMs: 1 });
    let [open, most] = [0, 0];
    await Promise.all(
      Array.from({ length: 5000 }, async (_, i) => {
        await sender.ready();
        most = Math.max(most, ++open);
        await sender.send(toEvent(`u${i}`, `e${i}`));
        open--;
      }),
    );
    expect(most).toBeLessThanOrEqual(100);
    expect(producer.requests.flatMap(({ events }) => events)).toHaveLength(5000);
  });

  it("hold for bytes, and let one event go that is larger than all of them", async () => {
    const sender = await start(() => sleep(5, undefined), { maxPendingBytes: 4000, maxDelayMs: 1 });
    let [open, most] = [0, 0];
    await Promise.all(
      Array.from({ length: 60 }, async (_, i) => {
        await sender.ready();
        most = Math.max(most, ++open);
        await sender.send(toEvent(`u${i}`, `e${i}`, { note: "x".repeat(i === 0 ? 9000 : 900) }));
        open--;
      }),
    );
    expect(most).toBeLessThanOrEqual(5);
    expect(Math.max(...sizes())).toBeLessThanOrEqual(5);
  });

  it("let callers go on that said they would, and gave no event", async () => {
    const sender = await start(undefined, { maxPending: 1 });
    await Promise.all(Array.from({ length: 10 }, () => sender.ready()));
    await sender.send(toEvent("u", "1"));
    await sender.close();
    await sender.ready();
  });

  it("hold for an answer that never ends", async () => {
    let written = 0;
    const endless: Reply = (response) => {
      const chunk = Buffer.alloc(1024 * 1024, " ");
      const write = () => {
        while (!response.destroyed && response.write(chunk)) written++;
      };
      response.writeHead(202).on("drain", write);
      write();
    };
    producer = await startFakeProducer(() => endless);
    const client = createClient({ baseUrl: producer.url, timeoutMs: 1000 });
    await expect(client.send(toEvent("u", "1"))).rejects.toThrow("The answer has more than");
    expect(written).toBeLessThan(200);
  });
});

it("sends nothing where it is not enabled, and says so once", async () => {
  const lines = vi.spyOn(console, "error").mockImplementation(() => {});
  const client = createClient({ enabled: false });
  expect(await client.send(toEvent("u", "1"))).toEqual({ event_id: "1", message_id: "disabled" });
  expect(await client.sendAll([toEvent("u", "2")])).toEqual([{ event_id: "2", message_id: "disabled" }]);
  await createSender(client).send(toEvent("u", "3"));
  expect(lines.mock.calls).toEqual([[expect.stringMatching(/not enabled/)]]);
  lines.mockRestore();
  producer = await startFakeProducer();
});
