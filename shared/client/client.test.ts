import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { accept, type FakeProducer, type Reply, startFakeProducer } from "../../scripts/testing/fake-producer.ts";
import type { ClientOptions } from "./api.ts";
import { createClient } from "./client.ts";
import { AbortError, RefusedError, UnavailableError } from "./errors.ts";
import type { PulseCartEvent } from "./event-unions.ts";

let producer: FakeProducer;
afterEach(() => producer?.close());

async function start(reply?: Parameters<typeof startFakeProducer>[0], options: Omit<ClientOptions, "urls"> = {}) {
  producer = await startFakeProducer(reply);
  return createClient({ urls: { commerce: producer.url }, ...options });
}

function toEvent(user = "usr_1", event_id?: string): PulseCartEvent {
  const payload = { items: [{ product_id: "prod_991", quantity: 1 }], total: 89.99 };
  const given = event_id === undefined ? {} : { event_id };
  return { event_type: "order.placed", user_id: user, order_id: "ord_20771", payload, ...given };
}

const problem = (status: number, members: object = {}, headers = {}): Reply => ({
  status,
  body: { status, ...members },
  headers: { "content-type": "application/problem+json", ...headers },
});

describe("createClient", () => {
  const wrong: [string, ClientOptions][] = [
    ["nothing", {}],
    ["a missing URL", { urls: { commerce: undefined } }],
    ["an empty one", { baseUrl: "" }],
    ["another protocol", { baseUrl: "ftp://localhost" }],
    ["no URL", { urls: { commerce: "localhost:8000" } }],
    ["a query", { baseUrl: "http://localhost?x=1" }],
    ["an unknown function", { urls: { orders: "http://localhost" } as ClientOptions["urls"] & object }],
  ];
  it.each(wrong)("fails at once for %s", (_, options) => {
    expect(() => createClient(options)).toThrow(TypeError);
  });

  it("finds the functions below a front", async () => {
    producer = await startFakeProducer();
    await createClient({ baseUrl: `${producer.url}/front/` }).send(toEvent());
    expect(producer.requests[0]?.path).toBe("/front/commerce/events/ingest");
  });
});

describe("send", () => {
  it("gives an event its id before the first attempt, and sends the same bytes again until it is accepted", async () => {
    const client = await start((request, before) => (before < 2 ? problem(503) : accept(request)));
    const accepted = await client.send(toEvent());
    expect(accepted).toEqual({ event_id: expect.stringMatching(/^evt_[0-9a-f]{32}$/), message_id: expect.any(String) });
    expect(new Set(producer.requests.map(({ text }) => text)).size).toBe(1);
    expect(producer.requests).toHaveLength(3);
    expect(producer.requests[0]?.events[0]).toEqual({ ...toEvent(), event_id: accepted.event_id });
  });

  it("hands warnings over", async () => {
    const warnings = [{ path: "payload.total", message: "must be a number" }];
    const client = await start(() => ({ status: 202, body: { event_id: "a", message_id: "1", warnings } }));
    expect(await client.send(toEvent("u", "a"))).toEqual({ event_id: "a", message_id: "1", warnings });
  });

  const again: [string, Reply][] = [
    ["408", problem(408)],
    ["429", problem(429)],
    ["500 that may pass", problem(500, { retryable: true })],
    ["a 502 of a proxy, in HTML", { status: 502, body: "<html>Bad gateway</html>" }],
    ["a 202 without a message_id", { status: 202, body: { status: "accepted" } }],
    ["a 202 of another event", { status: 202, body: { event_id: "other", message_id: "1" } }],
    ["a 200 in HTML", { status: 200, body: "<html>Sign in</html>" }],
    ["a reset", (response) => response.socket?.resetAndDestroy()],
    ["a body that breaks off", (response) => breakOff(response)],
  ];
  function breakOff(response: Parameters<Extract<Reply, (_: never) => void>>[0]): void {
    response.writeHead(202, { "content-length": "100" });
    response.write('{"event_id":');
    setTimeout(() => response.socket?.destroy(), 20);
  }
  it.each(again)("sends again after %s", async (_, reply) => {
    const client = await start((_request, before) => (before === 0 ? reply : undefined));
    await client.send(toEvent());
    expect(producer.requests).toHaveLength(2);
  });

  const final: [string, Reply, object][] = [
    ["422", problem(422, { code: "invalid_event", errors: [{ path: "user_id", message: "no" }] }), { status: 422 }],
    ["a 500 that says so", problem(500, { code: "publish_rejected", retryable: false }), { code: "publish_rejected" }],
    ["403", problem(403), { status: 403, code: undefined, errors: [] }],
    ["404 in HTML", { status: 404, body: "<html>" }, { status: 404 }],
  ];
  it.each(final)("gives up at once after %s", async (_, reply, expected) => {
    const client = await start(() => reply);
    const error = await client.send(toEvent("u", "mine")).catch((caught) => caught);
    expect(error).toBeInstanceOf(RefusedError);
    expect(error).toMatchObject({ name: "RefusedError", event_id: "mine", ...expected });
    expect(producer.requests).toHaveLength(1);
  });

  it("follows no redirect: neither event nor token are for anybody else", async () => {
    const other = await startFakeProducer();
    const redirect = { status: 307, headers: { location: `${other.url}/events/ingest` } };
    const client = await start(() => redirect, { token: () => "secret" });
    await expect(client.send(toEvent())).rejects.toMatchObject({ name: "RefusedError", status: 307 });
    expect(other.requests).toHaveLength(0);
    await other.close();
  });

  const unsendable: [string, unknown, object][] = [
    ["null", null, { code: "malformed_json" }],
    ["an array", [toEvent()], { code: "malformed_json" }],
    ["a bigint", { ...toEvent(), amount: 1n }, { code: "malformed_json", status: 400 }],
    ["no type", { user_id: "u" }, { code: "missing_event_type", status: 400 }],
    ["an unknown type", { ...toEvent(), event_type: "constructor" }, { code: "unknown_event_type", status: 422 }],
    ["a function without a URL", { ...toEvent(), event_type: "product.viewed" }, { code: "not_found", status: 404 }],
    ["9 MiB", { ...toEvent(), note: "x".repeat(9 * 1024 * 1024) }, { code: "payload_too_large", status: 413 }],
  ];
  it.each(unsendable)("refuses %s without a request", async (_, event, expected) => {
    const client = await start();
    const sent = client.send(event as PulseCartEvent);
    await expect(sent).rejects.toMatchObject({
      name: "RefusedError",
      event_id: expect.stringMatching(/./),
      ...expected,
    });
    expect(producer.requests).toHaveLength(0);
  });

  it("waits as Retry-After says, in seconds or as a date", async () => {
    const date = new Date(Date.now() + 2500).toUTCString();
    const client = await start((request) => {
      const retryAfter = request.events[0]?.event_id === "date" ? date : "1";
      const isFirst = producer.requests.filter(({ text }) => text === request.text).length === 1;
      return isFirst ? problem(503, {}, { "retry-after": retryAfter }) : undefined;
    });
    const timed = async (id: string) => {
      const sentAt = performance.now();
      await client.send(toEvent(id, id));
      return performance.now() - sentAt;
    };
    const [seconds, untilDate] = await Promise.all([timed("seconds"), timed("date")]);
    expect(seconds).toBeGreaterThan(990);
    expect(untilDate).toBeGreaterThan(1200);
  });

  it("gives up when the time is over, or would be before the next attempt, and names the last status", async () => {
    const client = await start(() => problem(503, {}, { "retry-after": "3600" }));
    const late = await client.send(toEvent("a", "late")).catch((caught) => caught);
    expect(late).toBeInstanceOf(UnavailableError);
    expect(late).toMatchObject({ event_id: "late", lastStatus: 503 });
    await producer.close();
    const other = await start(() => () => {});
    const silent = await other.send(toEvent("b", "silent"), { timeoutMs: 50 }).catch((caught) => caught);
    expect(silent).toMatchObject({ name: "UnavailableError", event_id: "silent", lastStatus: undefined });
  });

  it("ends an attempt that gets no answer, and begins the next", async () => {
    const client = await start((_, before) => (before === 0 ? () => {} : undefined), { attemptTimeoutMs: 50 });
    await client.send(toEvent());
    expect(producer.requests).toHaveLength(2);
  });

  it("ends with the caller's signal: before, during an attempt, and while it waits", async () => {
    const client = await start(({ events }) =>
      events[0]?.user_id === "silent" ? () => {} : problem(503, {}, { "retry-after": "5" }),
    );
    const reason = new Error("enough");
    for (const user of ["silent", "waiting"]) {
      const controller = new AbortController();
      const sent = client.send(toEvent(user, user), { signal: controller.signal }).catch((caught) => caught);
      while (!producer.requests.some(({ text }) => text.includes(user))) await sleep(5);
      controller.abort(reason);
      expect(await sent).toBeInstanceOf(AbortError);
      expect(await sent).toMatchObject({ name: "AbortError", event_id: user, cause: reason });
    }
    const before = producer.requests.length;
    await expect(client.send(toEvent("x"), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
    expect(producer.requests).toHaveLength(before);
  });

  it("sends one user's events one after the other, and those of others meanwhile", async () => {
    const client = await start(async (_, before) => {
      await sleep(20);
      return before % 3 === 0 ? problem(503) : undefined;
    });
    const users = ["a", "b", "c"];
    const sent = Array.from({ length: 12 }, (_, i) => toEvent(users[i % 3], `${users[i % 3]}${i}`));
    await Promise.all(sent.map((event) => client.send(event)));
    expect(producer.mostOfOneUser).toBe(1);
    expect(producer.mostAtOnce).toBe(3);
    for (const user of users) {
      const order = producer.requests.flatMap(({ events }) => events).filter(({ user_id }) => user_id === user);
      expect([...new Set(order.map(({ event_id }) => event_id))]).toEqual(
        sent.filter(({ user_id }) => user_id === user).map(({ event_id }) => event_id),
      );
    }
  });

  it("compresses where it is told to", async () => {
    const client = await start(undefined, { gzip: true });
    await client.send(toEvent("u", "packed"));
    expect(producer.requests[0]?.headers["content-encoding"]).toBe("gzip");
    expect(producer.requests[0]?.events[0]?.event_id).toBe("packed");
  });
});

describe("the token", () => {
  it("is asked for with the function's URL, and anew when it is refused", async () => {
    const asked: unknown[][] = [];
    const tokens = ["old", "new"];
    const client = await start(({ headers }) => (headers.authorization === "Bearer new" ? undefined : problem(401)), {
      token: (...args) => {
        asked.push(args);
        return tokens.shift();
      },
    });
    await client.send(toEvent());
    expect(asked).toEqual([[producer.url], [producer.url, "old"]]);
    expect(producer.requests).toHaveLength(2);
  });

  it("that stays the same makes 401 final", async () => {
    const client = await start(() => problem(401), { token: async () => "same" });
    await expect(client.send(toEvent())).rejects.toMatchObject({ name: "RefusedError", status: 401 });
    expect(producer.requests).toHaveLength(1);
  });

  it("that cannot be had, or never comes, is no answer", async () => {
    const failing = new Error("no metadata server");
    for (const token of [() => Promise.reject(failing), () => new Promise<string>(() => {})]) {
      const client = await start(undefined, { token, timeoutMs: 100 });
      await expect(client.send(toEvent())).rejects.toMatchObject({ name: "UnavailableError", lastStatus: undefined });
      expect(producer.requests).toHaveLength(0);
      await producer.close();
    }
    producer = await startFakeProducer();
  });
});
