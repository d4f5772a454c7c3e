import { createServer } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { listenOnLoopback } from "../../scripts/common/free-port.ts";
import { type FakeProducer, type Reply, startFakeProducer } from "../../scripts/testing/fake-producer.ts";
import type { ClientOptions } from "./api.ts";
import { createClient } from "./client.ts";
import { RefusedError, UnavailableError } from "./errors.ts";
import type { PulseCartEvent } from "./event-unions.ts";

let producer: FakeProducer;
afterEach(() => producer?.close());

async function start(reply?: Parameters<typeof startFakeProducer>[0], options: ClientOptions = {}) {
  producer = await startFakeProducer(reply);
  return createClient({ urls: { "user-actions": producer.url }, timeoutMs: 200, ...options });
}

const event = { event_type: "product.viewed", user_id: "u", payload: { product_id: "p" } } as const;

async function fail(client: ReturnType<typeof createClient>, given: unknown = event) {
  return client.send(given as PulseCartEvent).then(
    () => expect.fail("It was accepted."),
    (error) => error,
  );
}

describe("an event is its JSON, written once", () => {
  it.each([
    ["a function", crypto.randomUUID],
    ["a symbol", Symbol("id")],
  ])("with an event_id that JSON drops, %s, it is sent under one id", async (_, event_id) => {
    let requests = 0;
    const client = await start(() => (requests++ < 2 ? { status: 503 } : undefined), { timeoutMs: 10_000 });
    const { event_id: accepted } = await client.send({ ...event, event_id } as unknown as PulseCartEvent);
    expect(producer.requests.map(({ events }) => events[0]?.event_id)).toEqual([accepted, accepted, accepted]);
  });

  it("with members that say something else each time, or a toJSON, it is what it was when it was given", async () => {
    let calls = 0;
    const changing = {
      event_type: "product.viewed",
      user_id: "u",
      get event_id() {
        return `id-${++calls}`;
      },
      payload: { toJSON: () => ({ product_id: `p-${++calls}` }) },
    };
    class Viewed {
      readonly #product = "p";
      get user_id() {
        return "u";
      }
      toJSON() {
        return {
          event_type: "product.viewed",
          event_id: { toJSON: () => "own" },
          user_id: this.user_id,
          payload: { product_id: this.#product },
        };
      }
    }
    let requests = 0;
    const client = await start(() => (requests++ === 0 ? { status: 503 } : undefined), { timeoutMs: 10_000 });
    expect(await client.send(changing as unknown as PulseCartEvent)).toMatchObject({ event_id: "id-1" });
    expect(new Set(producer.requests.map(({ text }) => text)).size).toBe(1);
    expect(await client.send(new Viewed() as unknown as PulseCartEvent)).toMatchObject({ event_id: "own" });
    const given: { -readonly [K in keyof typeof event]: unknown } = { ...event };
    const sent = client.send(given as PulseCartEvent);
    given.user_id = "somebody else";
    await sent;
    expect(producer.requests.at(-1)?.events[0]?.user_id).toBe("u");
  });

  class WithGetters {
    event_type = "product.viewed";
    payload = { product_id: "p" };
    get user_id() {
      return "u";
    }
  }
  class Price {
    get total() {
      return 1;
    }
  }
  const wrong: [string, unknown, RegExp][] = [
    ["a toJSON that returns nothing", { ...event, toJSON: () => undefined }, /An event is an object/],
    ["a toJSON that returns a text", { ...event, toJSON: () => "text" }, /An event is an object/],
    [
      "a getter that throws",
      {
        ...event,
        get note() {
          throw new Error("lazy");
        },
      },
      /cannot be written as JSON.*lazy/,
    ],
    ["getters of a class", new WithGetters(), /getter user_id of a class/],
    ["getters of its payload's class", { ...event, payload: new Price() }, /getter total of a class/],
    ["a BigInt", { ...event, payload: { total: 1n } }, /cannot be written as JSON.*BigInt/],
    [
      "a circle",
      {
        ...event,
        get self() {
          return this;
        },
      },
      /cannot be written as JSON/,
    ],
    ["undefined", undefined, /An event is an object/],
    ["a function", () => event, /An event is an object/],
  ];
  it.each(wrong)("with %s it is refused alone", async (_, given, expected) => {
    const client = await start();
    const results = await client.sendAll([event, given as PulseCartEvent, event]);
    expect(results.map(({ error }) => error?.name)).toEqual([undefined, "RefusedError", undefined]);
    expect(results[1]?.error).toMatchObject({
      status: 400,
      code: "malformed_json",
      message: expect.stringMatching(expected),
    });
    expect(results[1]?.event_id).toMatch(/^evt_/);
  });
});

describe("an error", () => {
  it("says where, the answer's own words, and after how many attempts", async () => {
    const detail = "Pub/Sub did not acknowledge the event.";
    const client = await start(() => ({ status: 504, body: { code: "publish_timeout", detail, retryable: true } }));
    const error = await fail(client);
    expect(error.message).toMatch(
      new RegExp(
        `^user-actions \\(${producer.url}\\) did not take evt_\\w+, .*504 publish_timeout ${detail}, after \\d attempts? in 0\\.\\d s$`,
      ),
    );
    expect(error).toMatchObject({ lastStatus: 504, code: "publish_timeout", detail, attempts: expect.any(Number) });
  });

  it("of a 408 has the server's advice", async () => {
    const detail = "The body was not complete after 18 s: compress it (gzip), or send a smaller event.";
    const error = await fail(
      await start(() => ({ status: 408, body: { code: "request_timeout", detail, retryable: true } })),
    );
    expect(error.message).toContain(detail);
  });

  it("says why there was no answer, down to the system's own words", async () => {
    const refusing = createServer();
    const port = await listenOnLoopback(refusing);
    refusing.close();
    const causes: [Partial<ClientOptions>, RegExp][] = [
      [{ urls: { "user-actions": "http://no-such-host.invalid" } }, /no answer \(.*ENOTFOUND|EAI_AGAIN/],
      [{ urls: { "user-actions": `http://localhost:${port}` } }, /ECONNREFUSED/],
      [{ token: () => Promise.reject(new Error("no login")) }, /There is no token: no login/],
      [{ attemptTimeoutMs: 50 }, /nothing came within 50 ms/],
    ];
    for (const [options, expected] of causes) {
      const error = await fail(await start(() => () => {}, { timeoutMs: 1000, ...options }));
      expect(error).toBeInstanceOf(UnavailableError);
      expect(error.message).toMatch(expected);
      expect(error.message).not.toContain("\n");
      await producer.close();
    }
  });

  it("of a refusal says the first fault, and how many are left out", async () => {
    const errors = [{ path: "user_id", message: "must not be empty" }];
    const body = { code: "invalid_event", detail: "30 fields are invalid", errors, errors_omitted: 29 };
    const error = await fail(await start(() => ({ status: 422, body })));
    expect(error.message).toMatch(
      /refused evt_\w+: 422 invalid_event 30 fields are invalid \(user_id: must not be empty\)$/,
    );
    expect(error).toMatchObject({ errors, errors_omitted: 29, detail: body.detail });
  });

  it("has the event with its id, which no log of the error shows", async () => {
    const error = await fail(await start(() => ({ status: 403 })));
    expect(error.event).toEqual({ ...event, event_id: error.event_id });
    const { inspect } = await import("node:util");
    expect(inspect(error) + JSON.stringify(error)).not.toContain("product_id");
  });

  it("is known across copies of the package, and only as what it is", async () => {
    const own = await fail(await start(() => ({ status: 403 })));
    vi.resetModules();
    const copy = await import("./errors.ts");
    expect(copy.RefusedError).not.toBe(RefusedError);
    expect(own).toBeInstanceOf(copy.RefusedError);
    expect(own).not.toBeInstanceOf(copy.UnavailableError);
    expect(new DOMException("", "AbortError")).not.toBeInstanceOf(copy.AbortError);
    class Mine extends RefusedError {}
    expect(own).not.toBeInstanceOf(Mine);
    expect(undefined as unknown).not.toBeInstanceOf(RefusedError);
  });
});

it("hands on how many warnings an answer leaves out", async () => {
  const reply = ({ events }: { events: readonly Readonly<Record<string, unknown>>[] }): Reply => ({
    status: 202,
    body: {
      event_id: events[0]?.event_id,
      message_id: "1",
      warnings: [{ path: "payload", message: "no" }],
      warnings_omitted: 7,
    },
  });
  const client = await start(reply);
  expect(await client.send(event)).toMatchObject({
    warnings: [{ path: "payload", message: "no" }],
    warnings_omitted: 7,
  });
});
