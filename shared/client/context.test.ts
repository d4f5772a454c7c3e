import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type FakeProducer, startFakeProducer } from "../../scripts/testing/fake-producer.ts";
import type { Client } from "./api.ts";
import { createClient } from "./client.ts";
import { createSender } from "./create-sender.ts";
import type { PulseCartEvent } from "./event-unions.ts";

const requestOf = new AsyncLocalStorage<string>();
const TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

let producer: FakeProducer;
let client: Client;
/** In which request each token was asked for, and onError and onRetry were called. */
let seen: (string | undefined)[];

beforeEach(async () => {
  seen = [];
  producer = await startFakeProducer(async () => {
    await sleep(10);
    return undefined;
  });
  client = createClient({
    baseUrl: producer.url,
    headers: { "X-Gateway-Key": "k" },
    token: () => {
      seen.push(requestOf.getStore());
      return undefined;
    },
    onError: () => seen.push(`onError of ${requestOf.getStore()}`),
  });
});
afterEach(() => producer.close());

function toEvent(user_id: string): PulseCartEvent {
  return { event_type: "product.viewed", user_id, payload: { product_id: "p" } };
}

it("an event is sent in the context in which it was given, also behind another request's", async () => {
  await Promise.all(
    ["first", "second", "third"].map((name) => requestOf.run(name, () => client.send(toEvent("the same")))),
  );
  expect(seen).toEqual(["first", "second", "third"]);
});

it("the events of one sendAll are, too", async () => {
  await requestOf.run("first", () => client.sendAll([toEvent("a"), toEvent("b")]));
  expect(seen).toEqual(["first"]);
});

it("a batch of several calls' events is sent in none of theirs, and a single one of a sender in its own", async () => {
  const sender = createSender(client, { maxDelayMs: 20 });
  await Promise.all(["first", "second"].map((name) => requestOf.run(name, () => sender.send(toEvent(name)))));
  expect(producer.requests).toHaveLength(1);
  await requestOf.run("third", () => sender.send(toEvent("third")));
  expect(seen).toEqual([undefined, "third"]);
});

it("onError is called in the context of add", async () => {
  const sender = createSender(client);
  requestOf.run("first", () => sender.add(toEvent("a"), { signal: AbortSignal.abort() }));
  await expect.poll(() => seen).toEqual(["onError of first"]);
});

it("a traceparent is sent with its event, and with a batch whose events all have it", async () => {
  await client.send(toEvent("a"), { traceparent: TRACE });
  await client.send(toEvent("a"));
  await client.sendAll([toEvent("a"), toEvent("b")], { traceparent: TRACE });
  const sender = createSender(client, { maxDelayMs: 20 });
  await Promise.all([
    sender.send(toEvent("a"), { traceparent: TRACE }),
    sender.send(toEvent("b"), { traceparent: TRACE }),
  ]);
  await Promise.all([sender.send(toEvent("a"), { traceparent: TRACE }), sender.send(toEvent("b"))]);
  expect(producer.requests.map(({ headers }) => headers.traceparent)).toEqual([
    TRACE,
    undefined,
    TRACE,
    TRACE,
    undefined,
  ]);
});

it("each request has the headers that a gateway wants, and says whose it is", async () => {
  await client.send(toEvent("a"));
  expect(producer.requests[0]?.headers).toMatchObject({
    "x-gateway-key": "k",
    "user-agent": expect.stringMatching(/^pulsecart-events\//),
  });
});
