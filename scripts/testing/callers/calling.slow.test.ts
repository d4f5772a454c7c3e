import { randomUUID } from "node:crypto";
import { status } from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { domains } from "../../../shared/events/registry.ts";
import { collectTopic, type TopicCollector } from "../../pubsub/collect-topic.ts";
import { type FaultyPubSub, startFaultyPubSub } from "../../pubsub/faulty-pubsub.ts";
import { type FakeProducer, type Reply, startFakeProducer } from "../fake-producer.ts";
import { type FunctionProcess, startFunction } from "../function-process.ts";
import { type CallerFolder, type CallerWorld, isMissing, openCallerWorld } from "./caller-folder.ts";
import { blocks, documentedCallers, publishCommand } from "./documented-callers.ts";

// What docs/calling.md prints is what runs here, as a caller would run it in an empty folder: first against the built
// function, then against answers that the function seldom gives.

let pubsub: FaultyPubSub;
let running: FunctionProcess;
let topic: TopicCollector;
let world: CallerWorld;

beforeAll(async () => {
  const project = `calling-${randomUUID().slice(0, 8)}`;
  pubsub = await startFaultyPubSub();
  topic = await collectTopic(pubsub.endpoint, project, domains.commerce.topic);
  const env = { PUBLISH_TIMEOUT_MS: "1000" };
  running = await startFunction("commerce", { endpoint: pubsub.endpoint, project, env });
  world = await openCallerWorld(publishCommand);
}, 120_000);
afterAll(async () => {
  await running?.stop();
  await topic?.close();
  await pubsub?.close();
  await world?.close();
});

it("runs every block that can run", () => {
  const known = ["js", "ts", "python", "sh", "text"];
  expect(blocks.map(({ language }) => language).filter((language) => !known.includes(language))).toEqual([]);
  // The exports, which are Google's to answer; what names a registry of Google's; everything else is run below.
  expect(blocks.filter(({ language }) => language === "text")).toHaveLength(1);
  expect(blocks.map(({ heading = "top", language }) => `${heading}: ${language}`)).toEqual([
    "top: sh",
    "top: js",
    "top: sh",
    "TypeScript and JavaScript: sh",
    "TypeScript and JavaScript: ts",
    "TypeScript and JavaScript: ts",
    "TypeScript and JavaScript: ts",
    "TypeScript and JavaScript: ts",
    "Python: python",
    "Python: python",
    "curl: sh",
    "A generated client: sh",
    "A generated client: ts",
    "A generated client: sh",
    "Publishing the package: text",
    "Publishing the package: sh",
  ]);
});

describe.each(documentedCallers)("$name of docs/calling.md", ({ needs, prepare, run, refusedBy }) => {
  const isSkipped = isMissing(needs);
  let folder: CallerFolder;
  let producer: FakeProducer | undefined;
  let seen: { messages: number; logs: number };

  beforeAll(async () => {
    if (!isSkipped) folder = await prepare(world, running.url);
  }, 240_000);
  beforeEach(() => {
    seen = { messages: topic.messages.length, logs: running.logs.length };
  });
  afterEach(async () => {
    pubsub.faults.clear();
    await producer?.close();
    producer = undefined;
  });
  /** Those about one event: the summaries come besides. */
  const linesSince = (from: number) =>
    running.logs.slice(from).filter(({ message }) => !`${message}`.startsWith("Events "));
  const timeout = 90_000;
  const withoutOrder = (code: string) => code.replace(/"?order_id"?: ?"ord_20771",? ?/, "");

  async function callFake(reply: Parameters<typeof startFakeProducer>[0]) {
    producer = await startFakeProducer(reply);
    const startedAt = performance.now();
    const env = { PULSECART_URL: producer.url, ID_TOKEN: "secret" };
    const outcome = await run(folder, env).then(
      () => "accepted",
      () => "given up",
    );
    return { outcome, requests: producer.requests, ms: performance.now() - startedAt };
  }

  it.skipIf(isSkipped)("sends an event again under its identity, without a warning", { timeout }, async () => {
    pubsub.faults.every(1, { kind: "error", code: status.UNAVAILABLE });
    const called = run(folder, { PULSECART_URL: running.url });
    await Promise.race([
      called,
      vi.waitFor(() => expect(running.logs.at(-1)).toMatchObject({ code: "publish_unavailable" }), timeout),
    ]);
    pubsub.faults.clear();
    await called;
    const messages = (await topic.waitFor(seen.messages + 1)).slice(seen.messages);
    expect(messages).toHaveLength(1);
    expect(JSON.parse(messages[0]?.data.toString() ?? "")).toMatchObject({
      user_id: "usr_8821",
      order_id: "ord_20771",
    });
    expect(messages[0]?.attributes).not.toHaveProperty("payload_faults");
    await vi.waitFor(() => expect(running.logs.at(-1)).toMatchObject({ message: "Event accepted" }), 20_000);
    const ids = linesSince(seen.logs).map((line) => line.event_id);
    expect(ids.length).toBeGreaterThan(1);
    expect(new Set(ids)).toEqual(new Set([messages[0]?.attributes.event_id]));
  });

  it.skipIf(isSkipped)("gives up at once on an event that is refused", { timeout }, async () => {
    await expect(run(folder, { PULSECART_URL: running.url }, withoutOrder)).rejects.toThrow();
    const codes = () => linesSince(seen.logs).map(({ code }) => code);
    await vi.waitFor(() => expect(codes()).toEqual(refusedBy === "producer" ? ["invalid_event"] : []), 20_000);
    expect(topic.messages).toHaveLength(seen.messages);
  });

  it.skipIf(isSkipped)("fails at once without PULSECART_URL", { timeout }, async () => {
    const startedAt = performance.now();
    await expect(run(folder, {})).rejects.toThrow();
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });

  it.skipIf(isSkipped)("waits until the date of a Retry-After", { timeout }, async () => {
    let answeredAt = 0;
    let waitedMs = 0;
    const { outcome, requests } = await callFake((_, before) => {
      if (before > 0) {
        waitedMs = performance.now() - answeredAt;
        return undefined;
      }
      answeredAt = performance.now();
      const headers = { "retry-after": new Date(Date.now() + 3000).toUTCString() };
      return { status: 503, body: { status: 503, retryable: true }, headers };
    });
    expect([outcome, requests.length]).toEqual(["accepted", 2]);
    expect(requests[0]?.text).toBe(requests[1]?.text);
    // The date has whole seconds, and so has the wait of a shell.
    expect(waitedMs).toBeGreaterThan(900);
  });

  const final: [string, Reply][] = [
    ["what says retryable: false", { status: 500, body: { status: 500, code: "publish_rejected", retryable: false } }],
    ["a redirect", { status: 307, headers: { location: "/elsewhere" } }],
    ["a 403 in HTML", { status: 403, body: "<html>" }],
  ];
  it.skipIf(isSkipped).each(final)("does not try again after %s", { timeout }, async (_, reply) => {
    const { outcome, requests } = await callFake(() => reply);
    expect([outcome, requests.length]).toEqual(["given up", 1]);
    expect(requests[0]?.headers.authorization).toBe("Bearer secret");
  });

  it.skipIf(isSkipped)("tries again after what is no answer of the producer's", { timeout }, async () => {
    const replies: Reply[] = [{ status: 502, body: "<html>" }, (response) => response.socket?.resetAndDestroy()];
    const { outcome, requests } = await callFake((_, before) => replies[before]);
    expect([outcome, requests.length]).toEqual(["accepted", 3]);
  });
});
