import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { type accept, type FakeProducer, type Reply, startFakeProducer } from "../../scripts/testing/fake-producer.ts";
import { createClient } from "./client.ts";
import type { PulseCartEvent } from "./event-unions.ts";

let producer: FakeProducer;
afterEach(() => producer?.close());

async function start(reply?: Parameters<typeof startFakeProducer>[0]) {
  producer = await startFakeProducer(reply);
  return createClient({ baseUrl: producer.url, timeoutMs: 20_000 });
}

function toEvent(user: string, event_id: string, more: object = {}): PulseCartEvent {
  const payload = { product_id: "prod_991" };
  return { event_type: "product.viewed", user_id: user, event_id, payload, ...more };
}

/** An answer to a batch that says this of some events, by their id, and accepts the others. */
function toResults(events: readonly Readonly<Record<string, unknown>>[], special: Record<string, object>): Reply {
  const results = events.map(({ event_id }) => {
    const own = special[String(event_id)] ?? { status: 202, message_id: `m-${event_id}` };
    return { event_id, ...own };
  });
  return { status: 207, body: { results } };
}

const idsOf = (events: readonly Readonly<Record<string, unknown>>[]) => events.map(({ event_id }) => event_id);

describe("sendAll", () => {
  it("splits by function, keeps the order, and has a result for each event in its place", async () => {
    const client = await start();
    const events = Array.from({ length: 2500 }, (_, i): PulseCartEvent => {
      if (i < 1250) return toEvent(`u${i % 7}`, `e${i}`);
      const payload = { cart_id: "c", items: [{ product_id: "p", quantity: 1 }] };
      return { event_type: "cart.abandoned", user_id: `u${i % 7}`, session_id: "s", event_id: `e${i}`, payload };
    });
    const results = await client.sendAll(events);
    expect(results.map((result) => (result.error ? "" : result.event_id))).toEqual(events.map((e) => e.event_id));
    expect(new Set(producer.requests.map(({ path }) => path))).toEqual(
      new Set(["/user-actions/events/batch", "/commerce/events/batch"]),
    );
    expect(Math.max(...producer.requests.map((request) => request.events.length))).toBeLessThanOrEqual(1000);
    expect(producer.requests.length).toBeLessThan(15);
    expect(producer.mostOfOneUser).toBe(1);
    for (const [name, isFirst] of [
      ["user-actions", true],
      ["commerce", false],
    ] as const) {
      const arrived = producer.requests.filter(({ path }) => path.startsWith(`/${name}/`)).flatMap((r) => r.events);
      for (let user = 0; user < 7; user++) {
        const mine = idsOf(arrived.filter(({ user_id }) => user_id === `u${user}`));
        const meant = events.filter((event, i) => event.user_id === `u${user}` && i < 1250 === isFirst);
        expect(mine).toEqual(meant.map(({ event_id }) => event_id));
      }
    }
  });

  it("stays below 10 MiB a batch, and sends a large event alone", async () => {
    const client = await start();
    const note = "é".repeat(1.5 * 1024 * 1024);
    const results = await client.sendAll(
      Array.from({ length: 7 }, (_, i) =>
        toEvent(`u${i}`, `e${i}`, i === 3 ? { note: note + note + "x".repeat(2e6) } : { note }),
      ),
    );
    expect(results.every(({ error }) => error === undefined)).toBe(true);
    for (const { text } of producer.requests) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(10 * 1024 * 1024);
    expect(producer.requests.length).toBeLessThanOrEqual(4);
  });

  it("sends again what is retryable alone, in order, while later events of the user wait", async () => {
    const client = await start(({ events, isBatch }, before) => {
      if (before > 0 || !isBatch) return undefined;
      return toResults(events, {
        a2: { status: 504, code: "publish_timeout", retryable: true },
        a3: { status: 503, code: "not_attempted", retryable: true },
        b1: { status: 422, code: "invalid_event", errors: [{ path: "payload", message: "no" }], retryable: false },
      });
    });
    const first = client.sendAll(
      ["a1", "a2", "a3"].map((id) => toEvent("a", id)).concat(toEvent("b", "b1"), toEvent("b", "b2")),
    );
    await sleep(0);
    const second = client.send(toEvent("a", "a4"));
    const results = await first;
    await second;
    expect(results.map(({ error }) => error?.name)).toEqual([
      undefined,
      undefined,
      undefined,
      "RefusedError",
      undefined,
    ]);
    expect(results[3]?.error).toMatchObject({
      status: 422,
      code: "invalid_event",
      event_id: "b1",
      errors: [{ path: "payload" }],
    });
    expect(producer.requests.map(({ events }) => idsOf(events))).toEqual([
      ["a1", "a2", "a3", "b1", "b2"],
      ["a2", "a3"],
      ["a4"],
    ]);
  });

  const broken: [string, (request: Parameters<typeof accept>[0]) => Reply][] = [
    ["too few results", ({ events }) => toResults(events.slice(1), {})],
    ["too many results", ({ events }) => toResults([...events, ...events], {})],
    ["results of other events", ({ events }) => toResults(events.toReversed(), {})],
    ["no results", () => ({ status: 202, body: { status: "accepted", message_id: "1" } })],
    ["results that are none", ({ events }) => ({ status: 207, body: { results: events.map(() => null) } })],
    ["HTML", () => ({ status: 503, body: "<html>" })],
    ["a refusal of all for now", () => ({ status: 503, body: { code: "overloaded", retryable: true } })],
  ];
  it.each(broken)("sends all again after %s", async (_, reply) => {
    const client = await start((request, before) => (before === 0 ? reply(request) : undefined));
    const results = await client.sendAll([toEvent("a", "1"), toEvent("a", "2"), toEvent("b", "3")]);
    expect(results.map(({ error }) => error)).toEqual([undefined, undefined, undefined]);
    expect(producer.requests.map(({ text }) => text)).toEqual([producer.requests[0]?.text, producer.requests[0]?.text]);
  });

  it("refuses each event when the batch is refused as a whole", async () => {
    const client = await start(() => ({ status: 403, body: "<html>" }));
    const results = await client.sendAll([toEvent("a", "1"), toEvent("b", "2")]);
    expect(results.map(({ error }) => error)).toMatchObject([
      { name: "RefusedError", status: 403, event_id: "1" },
      { name: "RefusedError", status: 403, event_id: "2" },
    ]);
  });

  it("makes smaller batches where something on the way takes less", async () => {
    const client = await start(({ events }) => (events.length > 3 ? { status: 413, body: "<html>" } : undefined));
    const results = await client.sendAll(Array.from({ length: 20 }, (_, i) => toEvent(`u${i % 4}`, `e${i}`)));
    expect(results.every(({ error }) => error === undefined)).toBe(true);
    expect(producer.mostOfOneUser).toBe(1);
  });

  it("has two events of one id in two requests: the producer would refuse the second of a batch", async () => {
    const client = await start();
    const results = await client.sendAll([toEvent("a", "same"), toEvent("a", "same"), toEvent("b", "same")]);
    expect(results.map(({ error }) => error)).toEqual([undefined, undefined, undefined]);
    for (const { events } of producer.requests) expect(idsOf(events)).toEqual(["same"]);
  });

  it("has results for what cannot be sent, beside those of what can", async () => {
    const client = await start();
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    const results = await client.sendAll([
      toEvent("a", "1"),
      toEvent("a", "2", { cyclic }),
      null as unknown as PulseCartEvent,
      toEvent("a", "3"),
    ]);
    expect(results.map(({ error }) => error?.name)).toEqual([undefined, "RefusedError", "RefusedError", undefined]);
    expect(await client.sendAll([])).toEqual([]);
  });

  it("lets no user's trouble hold up the others", async () => {
    const client = await start(({ events, isBatch }) => {
      const again = { status: 503, code: "publish_unavailable", retryable: true };
      if (!isBatch) return events[0]?.user_id === "a" ? { status: 503, body: again } : undefined;
      return toResults(events, { a1: again });
    });
    const stuck = client.sendAll([toEvent("a", "a1"), toEvent("b", "b1")], { timeoutMs: 1500 });
    await sleep(50);
    const others = await client.sendAll([toEvent("a", "a2"), toEvent("b", "b2"), toEvent("c", "c1")].slice(1));
    expect(others.map(({ error }) => error)).toEqual([undefined, undefined]);
    expect((await stuck)[0]?.error).toMatchObject({ name: "UnavailableError", lastStatus: 503, event_id: "a1" });
  });

  it("has each event's own result when the caller's signal aborts, and stops", async () => {
    const client = await start(() => () => {});
    const controller = new AbortController();
    const sent = client.sendAll([toEvent("a", "1"), toEvent("b", "2")], { signal: controller.signal });
    setTimeout(() => controller.abort(), 30);
    expect(await sent).toMatchObject([
      { event_id: "1", error: { name: "AbortError", event_id: "1" } },
      { event_id: "2", error: { name: "AbortError", event_id: "2" } },
    ]);
    expect(producer.requests).toHaveLength(1);
  });
});
