import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type FakeProducer, startFakeProducer } from "../../scripts/testing/fake-producer.ts";
import type { ClientOptions } from "./api.ts";
import { createClient } from "./client.ts";
import { createSender } from "./create-sender.ts";
import type { PulseCartEvent } from "./event-unions.ts";
import { readRetryAfter, toRetryDelay } from "./retry-delay.ts";

let producer: FakeProducer;
afterEach(async () => {
  vi.restoreAllMocks();
  await producer?.close();
});

async function start(reply?: Parameters<typeof startFakeProducer>[0], options: ClientOptions = {}) {
  producer = await startFakeProducer(reply);
  return createClient({ baseUrl: producer.url, ...options });
}

function toEvent(user_id: string, event_id = user_id): PulseCartEvent {
  return { event_type: "product.viewed", event_id, user_id, payload: { product_id: "p" } };
}

const busy = (retryAfter: string | number, date?: string) => ({
  status: 503,
  body: { code: "overloaded", detail: "The instance is full.", retryable: true },
  headers: { "retry-after": String(retryAfter), ...(date && { date }) },
});

/** Blocks the event loop, which to timers is what a frozen process is. */
function freeze(milliseconds: number): void {
  for (const end = performance.now() + milliseconds; performance.now() < end; );
}

const toError = (sent: Promise<unknown>) => sent.then(() => undefined).catch((error) => error);
const idsOf = () => producer.requests.flatMap(({ events }) => events.map(({ event_id }) => event_id));

describe("a Retry-After beyond an event's time", () => {
  it("has the function left alone by all: who has no time that long is given up without a request", async () => {
    const client = await start(() => busy(60), { timeoutMs: 30_000 });
    const sender = createSender(client);
    const first = await toError(client.send(toEvent("first")));
    expect(first).toMatchObject({ name: "UnavailableError", lastStatus: 503, code: "overloaded" });
    const startedAt = performance.now();
    const errors = await Promise.all([
      ...Array.from({ length: 300 }, (_, i) => toError(client.send(toEvent(`u${i}`)))),
      toError(sender.send(toEvent("first", "next"))),
      client.sendAll([toEvent("a"), toEvent("b")]).then((results) => results[1]?.error),
    ]);
    expect(errors.map((error) => error?.name)).toEqual(errors.map(() => "UnavailableError"));
    expect(errors[0].message).toContain("left alone");
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(producer.requests).toHaveLength(1);
  });

  it("says nothing of other functions, and ends what waited for this one already", async () => {
    const client = await start(
      async ({ path }) => {
        if (!path.includes("user-actions")) return undefined;
        await sleep(100);
        return busy(60);
      },
      { timeoutMs: 30_000 },
    );
    const waiting = [client.send(toEvent("u", "1")), client.send(toEvent("u", "2"))].map(toError);
    const order = { event_type: "order.placed", user_id: "u", order_id: "o" } as const;
    const other = client.send({ ...order, payload: { items: [{ product_id: "p", quantity: 1 }], total: 1 } });
    expect((await Promise.all(waiting)).map(({ name }) => name)).toEqual(["UnavailableError", "UnavailableError"]);
    await other;
    expect(producer.requests.map(({ path }) => path.split("/")[1])).toEqual(["user-actions", "commerce"]);
  });

  it("is followed by one request at a time, until one is answered", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    let open = 0;
    let most = 0;
    const client = await start(
      async (_, before) => {
        if (before === 0) return busy(1);
        most = Math.max(most, ++open);
        await sleep(50);
        open--;
        // The first probe fails, the second one is answered.
        return before === 1 ? busy(0) : undefined;
      },
      { timeoutMs: 20_000 },
    );
    expect(await toError(client.send(toEvent("short"), { timeoutMs: 500 }))).toMatchObject({ lastStatus: 503 });
    const closedAt = performance.now();
    const sent = Array.from({ length: 20 }, (_, i) => client.send(toEvent(`u${i}`)));
    await expect.poll(() => producer.requests.length).toBe(3);
    expect(performance.now() - closedAt).toBeGreaterThan(900);
    expect(most).toBe(1);
    await Promise.all(sent);
    expect(most).toBeGreaterThan(1);
  });

  it("runs off an event's time in sendAll, too, but no more than the function is left alone", async () => {
    const client = await start((_, before) => (before === 0 ? busy(1) : undefined));
    await toError(client.send(toEvent("short"), { timeoutMs: 500 }));
    const [late] = await client.sendAll([toEvent("late")], { timeoutMs: 900 });
    expect(late?.error?.name).toBe("UnavailableError");
    const [inTime] = await client.sendAll([toEvent("in time")], { timeoutMs: 2000 });
    expect(inTime?.error).toBeUndefined();
  });
});

describe("a wait", () => {
  it("is as long as Retry-After says by the clock of who says it", async () => {
    const [date, until] = ["Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:01 GMT"];
    const client = await start((_, before) => (before === 0 ? busy(until, date) : undefined));
    const startedAt = performance.now();
    await client.send(toEvent("u"));
    expect(performance.now() - startedAt).toBeGreaterThan(990);
  });

  it("ends with the event that waited: the user's next one goes at once, and no timer is left", async () => {
    const client = await start(({ events }) => (events[0]?.event_id === "1" ? busy(5) : undefined));
    const controller = new AbortController();
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = timers();
    const waiting = toError(client.send(toEvent("u", "1"), { signal: controller.signal }));
    const next = client.send(toEvent("u", "2"));
    await expect.poll(() => producer.requests.length).toBe(1);
    await sleep(50);
    controller.abort();
    const abortedAt = performance.now();
    await next;
    expect(performance.now() - abortedAt).toBeLessThan(3000);
    expect(await waiting).toMatchObject({ name: "AbortError" });
    await expect.poll(timers).toBeLessThanOrEqual(before);
  });
});

describe("an event's time", () => {
  it("counts from its own first attempt in sendAll, so that a long list is not given up", async () => {
    const client = await start(() => sleep(400, undefined), { maxRequests: 1 });
    const events = Array.from({ length: 8000 }, (_, i) => toEvent(`u${i % 10}`, `e${i}`));
    const results = await client.sendAll(events, { timeoutMs: 2500 });
    expect(results.filter(({ error }) => error)).toEqual([]);
    expect(producer.requests).toHaveLength(8);
  });

  it("ends for those of sendAll that were sent and not taken", async () => {
    const client = await start(() => () => {});
    const results = await client.sendAll([toEvent("a"), toEvent("b")], { timeoutMs: 100 });
    expect(results).toMatchObject(["a", "b"].map((id) => ({ event_id: id, error: { name: "UnavailableError" } })));
  });

  it("that passed in a frozen process is followed by one more attempt, alone and from a sender", async () => {
    const client = await start((_, before) => (before === 0 ? busy(1) : undefined), { timeoutMs: 1500 });
    const sender = createSender(client, { maxDelayMs: 1000 });
    const retried = client.send(toEvent("retried"));
    await expect.poll(() => producer.requests.length).toBe(1);
    await sleep(100);
    const gathered = sender.send(toEvent("gathered"));
    freeze(2500);
    expect(await retried).toMatchObject({ event_id: "retried" });
    expect(await gathered).toMatchObject({ event_id: "gathered" });
  });

  it("is over after that attempt", async () => {
    const client = await start(() => busy(0.7), { timeoutMs: 1000 });
    vi.spyOn(Math, "random").mockReturnValue(1);
    const sent = toError(client.send(toEvent("u")));
    await expect.poll(() => producer.requests.length).toBe(1);
    await sleep(50);
    freeze(2000);
    const before = producer.requests.length;
    expect(await sent).toMatchObject({ name: "UnavailableError", lastStatus: 503 });
    expect(producer.requests.length - before).toBe(1);
    expect(idsOf()).toContain("u");
  });
});

describe("the delay before a retry", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each([
    [1, 200],
    [2, 400],
    [6, 6400],
    [10, 20_000],
    [2000, 20_000],
  ])("after %i attempts there is up to %i ms of jitter, from none", (attempts, most) => {
    const random = vi.spyOn(Math, "random").mockReturnValue(0);
    expect(toRetryDelay(attempts, 0)).toBe(0);
    random.mockReturnValue(1);
    expect(toRetryDelay(attempts, 0)).toBe(most);
    expect(toRetryDelay(attempts, 2000)).toBe(2000 + most);
  });

  it.each([
    ["3", 3000],
    [" 3 ", 3000],
    ["0", 0],
    ["-5", 0],
    ["soon", 0],
    ["", 0],
    ["1e9", 0],
    ["Wed, 21 Oct 2015 07:28:10 GMT", 10_000],
    ["Wednesday, 21-Oct-15 07:28:10 GMT", 10_000],
    ["Wed, 21 Oct 2015 07:27:00 GMT", 0],
  ])("Retry-After: %s means at least %i ms", (header, least) => {
    vi.spyOn(Date, "now").mockReturnValue(Date.parse("2015-10-21T07:28:00Z"));
    expect(readRetryAfter(header, null)).toBe(least);
  });

  it("reads a date against the answer's own clock, where it has one", () => {
    const [date, until] = ["Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:30 GMT"];
    expect(readRetryAfter(until, date)).toBe(30_000);
    expect(readRetryAfter("7", date)).toBe(7000);
  });
});
