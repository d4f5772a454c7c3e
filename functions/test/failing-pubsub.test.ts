import { randomUUID } from "node:crypto";
import { status as grpc } from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { connectPubSub } from "../../scripts/pubsub/client.ts";
import { collectTopic, type TopicCollector } from "../../scripts/pubsub/collect-topic.ts";
import { type FaultyPubSub, startFaultyPubSub } from "../../scripts/pubsub/faulty-pubsub.ts";
import { type FunctionProcess, startFunction } from "../../scripts/testing/function-process.ts";
import { post } from "../../scripts/testing/post.ts";
import { startTcpProxy, type TcpProxy } from "../../scripts/testing/tcp-proxy.ts";
import { domains } from "../../shared/events/registry.ts";

const BUDGET_MS = 2000;
const project = "failing";
const { topic: topicId, events } = domains.commerce;
const { sample } = events["order.placed"];

let pubsub: FaultyPubSub;
let proxy: TcpProxy;
let topic: TopicCollector;
let running: FunctionProcess;

beforeAll(async () => {
  pubsub = await startFaultyPubSub();
  proxy = await startTcpProxy(pubsub.endpoint);
  topic = await collectTopic(pubsub.endpoint, project, topicId);
  running = await startFunction("commerce", {
    endpoint: proxy.endpoint,
    project,
    env: { PUBLISH_TIMEOUT_MS: String(BUDGET_MS), MAX_IN_FLIGHT: "50" },
  });
});
afterEach(async () => {
  pubsub.faults.clear();
  await proxy.restore();
});
afterAll(async () => {
  expect(await running.stop()).toBe(0);
  expect(running.stderr()).toBe("");
  await topic.close();
  await proxy.close();
  await pubsub.close();
});

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly ms: number;
  readonly answer: Record<string, unknown>;
}

async function send(event: object = {}): Promise<Answer> {
  const startedAt = performance.now();
  const { status, headers, answer } = await post(running.url, { ...sample, ...event });
  const ms = performance.now() - startedAt;
  return { status, retryAfter: headers.get("retry-after"), ms, answer };
}

const arrivedOf = (eventId: unknown) => topic.messages.filter(({ attributes }) => attributes.event_id === eventId);
const arrived = (eventId: unknown, times = 1) =>
  vi.waitUntil(() => arrivedOf(eventId).length === times, { timeout: 10_000 });

describe("what is retried inside the budget", () => {
  it.each([grpc.UNAVAILABLE, grpc.RESOURCE_EXHAUSTED, grpc.INTERNAL, grpc.UNKNOWN, grpc.ABORTED, grpc.CANCELLED])(
    "status %i, three times: 202",
    async (code) => {
      pubsub.faults.failNext(3, code);
      const { status, answer } = await send();
      expect(status).toBe(202);
      await arrived(answer.event_id);
    },
  );

  it("an answer that was lost after storing: 202, twice on the topic under one id", async () => {
    pubsub.faults.next(1, { kind: "lost-answer", caller: "unavailable" });
    const { status, answer } = await send();
    expect(status).toBe(202);
    await arrived(answer.event_id, 2);
  });

  it("one call that hangs: 202 by a second attempt", async () => {
    pubsub.faults.next(1, { kind: "hang" });
    const { status, ms, answer } = await send();
    expect(status).toBe(202);
    expect(ms).toBeLessThan(BUDGET_MS);
    await arrived(answer.event_id);
  });

  it("a Pub/Sub that is slow, but within the budget: 202", async () => {
    const stop = pubsub.faults.every(1, { kind: "delay", ms: BUDGET_MS * 0.75 });
    const { status, ms } = await send();
    stop();
    expect(status).toBe(202);
    expect(ms).toBeGreaterThanOrEqual(BUDGET_MS * 0.75);
  });

  it("a second attempt that is refused, while the first is about to be acknowledged: 202", async () => {
    for (let i = 0; i < 10; i++) expect((await send()).status).toBe(202);
    let calls = 0;
    const stop = pubsub.faults.use(() =>
      ++calls === 1 ? { kind: "delay", ms: BUDGET_MS * 0.75 } : { kind: "error", code: grpc.PERMISSION_DENIED },
    );
    const { status, answer } = await send();
    stop();
    expect([status, calls]).toEqual([202, 2]);
    await arrived(answer.event_id);
  });

  it("connections that die without a word: 202 on a new one", async () => {
    expect((await send()).status).toBe(202);
    proxy.blackhole();
    const { status, ms, answer } = await send();
    expect(status).toBe(202);
    expect(ms).toBeLessThan(BUDGET_MS);
    await arrived(answer.event_id);
    // The next one does not try the dead connection again.
    expect((await send()).ms).toBeLessThan(BUDGET_MS * 0.3);
  });

  it("connections that are reset: 202", async () => {
    expect((await send()).status).toBe(202);
    proxy.drop();
    expect((await send()).status).toBe(202);
  });
});

describe("what the caller hears when the budget is spent", () => {
  it.each([grpc.UNAVAILABLE, grpc.RESOURCE_EXHAUSTED])("status %i throughout: publish_unavailable", async (code) => {
    const stop = pubsub.faults.every(1, { kind: "error", code });
    const { status, retryAfter, ms, answer } = await send();
    stop();
    expect([status, answer.code, answer.retryable]).toEqual([503, "publish_unavailable", true]);
    expect(answer.event_id).toMatch(/^evt_/);
    expect(Number(retryAfter)).toBeGreaterThan(0);
    expect(ms).toBeLessThan(BUDGET_MS + 500);
  });

  it("nothing listens: publish_unavailable, and 202 as soon as something does", async () => {
    await proxy.refuse();
    const { status, answer, ms } = await send();
    expect([status, answer.code]).toEqual([503, "publish_unavailable"]);
    expect(ms).toBeLessThan(BUDGET_MS + 500);
    await proxy.restore();
    expect((await send({ event_id: answer.event_id })).status).toBe(202);
    await arrived(answer.event_id);
  });

  it.each<[string, () => void]>([
    ["calls hang", () => void pubsub.faults.every(1, { kind: "hang" })],
    ["connections open and stay silent", () => proxy.blackhole({ includingNew: true })],
  ])("%s: publish_timeout", async (_, breakIt) => {
    breakIt();
    const { status, retryAfter, ms, answer } = await send();
    expect([status, answer.code, answer.retryable]).toEqual([504, "publish_timeout", true]);
    expect(answer.event_id).toMatch(/^evt_/);
    expect(Number(retryAfter)).toBeGreaterThan(0);
    expect(ms).toBeGreaterThan(BUDGET_MS - 100);
    expect(ms).toBeLessThan(BUDGET_MS + 500);
  });

  it.each([
    [grpc.PERMISSION_DENIED, "misconfigured", true],
    [grpc.NOT_FOUND, "misconfigured", true],
    [grpc.FAILED_PRECONDITION, "misconfigured", true],
    [grpc.INVALID_ARGUMENT, "publish_rejected", false],
    [grpc.OUT_OF_RANGE, "publish_rejected", false],
  ] as const)("status %i: %s at once (retryable: %s), its cause in the log alone", async (code, problem, retryable) => {
    pubsub.faults.next(1, { kind: "error", code, details: "role roles/secret is missing" });
    const { status, retryAfter, ms, answer } = await send();
    expect([status, answer.code, answer.retryable]).toEqual([500, problem, retryable]);
    expect(retryAfter !== null).toBe(retryable);
    expect(answer.event_id).toMatch(/^evt_/);
    expect(ms).toBeLessThan(BUDGET_MS);
    expect(JSON.stringify(answer)).not.toContain("secret");
    const line = await vi.waitUntil(() => running.logs.find(({ event_id }) => event_id === answer.event_id), {
      timeout: 10_000,
    });
    expect(line).toMatchObject({ severity: "ERROR", code: problem, retryable });
    expect(line?.error).toContain("role roles/secret is missing");
  });
});

describe("after a failed publish", () => {
  it("the user's next event goes out, also when it came while the failure was under way", async () => {
    const user_id = randomUUID();
    const sendNext = (i: number) => send({ user_id, event_id: `${user_id}:${i}` });
    const before = pubsub.stats().publishRequests;
    const remove = pubsub.faults.use(() => ({ kind: "delay", ms: 300 }));
    const first = sendNext(1);
    await vi.waitUntil(() => pubsub.stats().publishRequests > before, { timeout: 10_000 });
    remove();
    // The second waits for the first, and fails; the third comes in the tick in which the caller hears of it.
    pubsub.faults.failNext(1, grpc.PERMISSION_DENIED);
    const second = sendNext(2);
    expect((await first).status).toBe(202);
    expect((await second).status).toBe(500);
    expect((await sendNext(3)).status).toBe(202);
    await arrived(`${user_id}:3`);
    const ids = topic.messages.filter(({ orderingKey }) => orderingKey === user_id).map((m) => m.attributes.event_id);
    expect(ids).toEqual([`${user_id}:1`, `${user_id}:3`]);
  });

  it("a caller's retry under the same id is the same event", async () => {
    pubsub.faults.failNext(1, grpc.PERMISSION_DENIED);
    const { status, answer } = await send();
    expect(status).toBe(500);
    expect((await send({ event_id: answer.event_id })).answer.event_id).toBe(answer.event_id);
    await arrived(answer.event_id);
  });
});

describe("MAX_IN_FLIGHT", () => {
  it("answers overloaded at once beyond it, and takes events again afterwards", async () => {
    const stop = pubsub.faults.every(1, { kind: "delay", ms: 500 });
    const answers = await Promise.all(Array.from({ length: 80 }, (_, i) => send({ user_id: `u${i}` })));
    stop();
    const refused = answers.filter(({ status }) => status !== 202);
    expect(refused.length).toBe(30);
    for (const { status, retryAfter, answer } of refused) {
      expect([status, answer.code, answer.retryable]).toEqual([503, "overloaded", true]);
      expect(answer.event_id).toMatch(/^evt_/);
      expect(Number(retryAfter)).toBeGreaterThan(0);
    }
    expect((await send()).status).toBe(202);
  });
});

it("a topic that does not exist is misconfigured until it does", async () => {
  const elsewhere = await startFunction("commerce", { endpoint: pubsub.endpoint, project: "elsewhere" });
  try {
    expect((await post(elsewhere.url, sample)).status).toBe(500);
    const admin = connectPubSub(pubsub.endpoint, "elsewhere");
    await admin.createTopic(topicId);
    admin.close();
    expect((await post(elsewhere.url, sample)).status).toBe(202);
  } finally {
    await elsewhere.stop();
  }
});
