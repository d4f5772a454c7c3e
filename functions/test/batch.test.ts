import { randomUUID } from "node:crypto";
import { status as grpc } from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { collectTopic, type TopicCollector } from "../../scripts/pubsub/collect-topic.ts";
import { type FaultyPubSub, startFaultyPubSub } from "../../scripts/pubsub/faulty-pubsub.ts";
import type { PublishRequest } from "../../scripts/pubsub/protocol.ts";
import { type FunctionProcess, startFunction } from "../../scripts/testing/function-process.ts";
import { post } from "../../scripts/testing/post.ts";
import { sampleOf } from "../../scripts/testing/sample-of.ts";
import { domains } from "../../shared/events/registry.ts";

const { topic: topicId } = domains["user-actions"];
const sample = sampleOf("user-actions");
const project = "batches";
let pubsub: FaultyPubSub;
let topic: TopicCollector;
let running: FunctionProcess;

beforeAll(async () => {
  pubsub = await startFaultyPubSub();
  topic = await collectTopic(pubsub.endpoint, project, topicId);
  running = await startFunction("user-actions", {
    endpoint: pubsub.endpoint,
    project,
    env: { PUBLISH_TIMEOUT_MS: "1500", NODE_OPTIONS: "--max-old-space-size=205" },
  });
});
afterEach(() => pubsub.faults.clear());
afterAll(async () => {
  expect(await running.stop()).toBe(0);
  expect(running.stderr()).toBe("");
  await topic.close();
  await pubsub.close();
});

interface Result {
  readonly status: number;
  readonly code?: string;
  readonly detail?: string;
  readonly event_id?: string;
  readonly message_id?: string;
  readonly retryable?: boolean;
  readonly errors?: readonly { readonly path: string }[];
}

async function sendBatch(body: string, headers: Record<string, string> = {}, target = running) {
  type Batch = { results: Result[]; code?: string; detail?: string };
  const { answer, ...rest } = await post<Batch>(`${target.url}/events/batch`, body, headers);
  return { ...rest, ...answer };
}

const ndjson = { "content-type": "application/x-ndjson; charset=utf-8" };
const eventOf = (user_id: string, event_id: string, more: object = {}) => ({ ...sample, user_id, event_id, ...more });
const arrivedOf = (user_id: string) => topic.messages.filter(({ orderingKey }) => orderingKey === user_id);
const idsOf = (user_id: string) => arrivedOf(user_id).map(({ attributes }) => attributes.event_id);

describe("a batch whose events are all accepted", () => {
  it("is 202, with the results in order and each event's own bytes on the topic", async () => {
    const id = randomUUID();
    const { event_type: type } = sample;
    const slices = [
      `{"event_type":"${type}","session_id":"s","user_id":"${id}","event_id":"${id}:1","timestamp":"2026-01-01T00:00:00Z","payload":{"product_id":"p","n":12345678901234567890.10}}`,
      `{ "event_type" : "${type}",\n "session_id":"s", "user_id":"${id}","event_id":"${id}:2","timestamp":"2026-01-01T00:00:00Z", "payload":{"product_id":"p","s":"],[{}\\""} }`,
      `{"payload":{"query":""},"event_type":"${type}","session_id":"s","user_id":"${id}","event_id":"${id}:3","timestamp":"2026-01-01T00:00:00Z","x":1e400}`,
    ];
    const { status, results } = await sendBatch(` [${slices.join(" ,\n\t")}]\r\n`);
    expect(status).toBe(202);
    // Where the payload breaks the type's schema, there are warnings besides.
    expect(results).toMatchObject(
      [1, 2, 3].map((i) => ({ status: 202, event_id: `${id}:${i}`, message_id: expect.any(String) })),
    );
    await vi.waitUntil(() => arrivedOf(id).length === 3, { timeout: 10_000 });
    expect(arrivedOf(id).map(({ data }) => data.toString())).toEqual(slices);
    expect(arrivedOf(id).map(({ messageId }) => messageId)).toEqual(results.map(({ message_id }) => message_id));
  });

  it("as NDJSON: with or without a last line break, blank lines and CRLF", async () => {
    const id = randomUUID();
    const lines = [1, 2, 3].map((i) => JSON.stringify(eventOf(id, `${id}:${i}`)));
    const { status, results } = await sendBatch(`${lines[0]}\r\n\n${lines[1]}\n  \n${lines[2]}`, ndjson);
    expect(status).toBe(202);
    expect(results.map(({ event_id }) => event_id)).toEqual([1, 2, 3].map((i) => `${id}:${i}`));
  });

  it("gathers one user's events into few publish requests, in array order", async () => {
    const user = randomUUID();
    const before = pubsub.stats().publishRequests;
    const batch = Array.from({ length: 250 }, (_, i) => eventOf(user, `${user}:${i}`));
    expect((await sendBatch(JSON.stringify(batch))).status).toBe(202);
    expect(pubsub.stats().publishRequests - before).toBe(3);
    await vi.waitUntil(() => arrivedOf(user).length === 250, { timeout: 10_000 });
    expect(idsOf(user)).toEqual(batch.map(({ event_id }) => event_id));
  });

  it("takes 1,000 events of 9 MiB within 256 MiB of memory", async () => {
    const fresh = await startFunction("user-actions", {
      endpoint: pubsub.endpoint,
      project,
      env: { NODE_OPTIONS: "--max-old-space-size=205" },
    });
    try {
      const id = randomUUID();
      const payload = { text: "x".repeat(9400) };
      const batch = Array.from({ length: 1000 }, (_, i) => eventOf(`${id}:${i % 300}`, `${id}:${i}`, { payload }));
      const body = JSON.stringify(batch);
      expect(body.length).toBeGreaterThan(9 * 1024 * 1024);
      for (let i = 0; i < 3; i++) expect((await sendBatch(body, {}, fresh)).status).toBe(202);
      const peak = await fresh.peakMemoryMiB();
      console.log(`peak memory: ${Math.round(peak)} MiB`);
      expect(peak).toBeLessThan(256);
    } finally {
      await fresh.stop();
    }
  });
});

describe("a batch of mixed events", () => {
  it("is 207: the valid ones are published, each other one says why", async () => {
    const id = randomUUID();
    const batch = [
      eventOf(id, `${id}:1`),
      { ...sample, user_id: "" },
      { ...sample, event_type: "order.placed" },
      { ...sample, event_type: "nope" },
      "text",
      { user_id: id },
      eventOf(id, `${id}:1`),
      eventOf(id, `${id}:2`),
    ];
    const { status, results } = await sendBatch(JSON.stringify(batch));
    expect(status).toBe(207);
    expect(results.map(({ status, code }) => [status, code])).toEqual([
      [202, undefined],
      [422, "invalid_event"],
      [422, "wrong_function"],
      [422, "unknown_event_type"],
      [400, "malformed_json"],
      [400, "missing_event_type"],
      [422, "invalid_event"],
      [202, undefined],
    ]);
    expect(results[6]?.errors).toMatchObject([{ path: "event_id" }]);
    await vi.waitUntil(() => idsOf(id).length === 2, { timeout: 10_000 });
    expect(idsOf(id)).toEqual([`${id}:1`, `${id}:2`]);
  });

  it("as NDJSON: a malformed line spoils only itself, and says at which of its positions", async () => {
    const id = randomUUID();
    const good = (i: number) => JSON.stringify(eventOf(id, `${id}:${i}`));
    const { status, results } = await sendBatch(`${good(1)}\n{"a":1,}\n${good(2)}\n{"a`, ndjson);
    expect(status).toBe(207);
    expect(results.map(({ status }) => status)).toEqual([202, 400, 202, 400]);
    expect(results[1]).toMatchObject({ code: "malformed_json", detail: expect.stringContaining("position 7") });
  });

  it("is 422 when every event is invalid", async () => {
    const { status, results } = await sendBatch(JSON.stringify([{ ...sample, user_id: 1 }, {}]));
    expect(status).toBe(422);
    expect(results.map(({ code }) => code)).toEqual(["invalid_event", "missing_event_type"]);
  });
});

describe("a batch that is none", () => {
  it.each<[string, string, Record<string, string>, number, string]>([
    ["no events", "[]", {}, 422, "invalid_batch"],
    ["blank lines", "\n \n", ndjson, 422, "invalid_batch"],
    ["1,001 events", JSON.stringify(Array(1001).fill(sample)), {}, 422, "invalid_batch"],
    ["1,001 lines", `${JSON.stringify(sample)}\n`.repeat(1001), ndjson, 422, "invalid_batch"],
    ["an object", JSON.stringify(sample), {}, 400, "malformed_json"],
    ["malformed", `[${JSON.stringify(sample)},]`, {}, 400, "malformed_json"],
    ["text behind it", "[] []", {}, 400, "malformed_json"],
    ["nothing", "", {}, 400, "malformed_json"],
    ["plain text", "[]", { "content-type": "text/plain" }, 415, "unsupported_media_type"],
  ])("%s", async (_, body, headers, status, code) => {
    const answer = await sendBatch(body, headers);
    expect([answer.status, answer.code]).toEqual([status, code]);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
  });
});

describe("an Idempotency-Key", () => {
  it("gives each event a stable id of its own, also when two are alike", async () => {
    const headers = { "idempotency-key": randomUUID() };
    const body = JSON.stringify([sample, sample, { ...sample, user_id: "other" }]);
    const first = (await sendBatch(body, headers)).results.map(({ event_id }) => event_id);
    expect(new Set(first).size).toBe(3);
    expect((await sendBatch(body, headers)).results.map(({ event_id }) => event_id)).toEqual(first);
  });
});

describe("a Pub/Sub that fails", () => {
  it("in the middle of one user's events: the rest are not attempted, other users' go out", async () => {
    const [user, other] = [randomUUID(), randomUUID()];
    let requests = 0;
    const stop = pubsub.faults.use(({ messages }) =>
      messages[0]?.orderingKey === user && ++requests === 2
        ? { kind: "error", code: grpc.PERMISSION_DENIED }
        : undefined,
    );
    // 1 to 100 share a request; 101 to 200 share the next, which fails; 201 to 250 would follow.
    const batch = Array.from({ length: 250 }, (_, i) => [
      eventOf(user, `${user}:${i + 1}`),
      eventOf(other, `${other}:${i + 1}`),
    ]).flat();
    const { status, results } = await sendBatch(JSON.stringify(batch));
    stop();
    expect(status).toBe(207);
    const own = results.filter((_, i) => i % 2 === 0);
    for (const result of own.slice(0, 100)) expect(result).toMatchObject({ status: 202 });
    for (const result of own.slice(100, 200)) {
      expect(result).toMatchObject({ status: 500, code: "misconfigured", retryable: true });
    }
    for (const result of own.slice(200)) {
      expect(result).toMatchObject({ status: 503, code: "not_attempted", retryable: true });
      expect(result.event_id).toBeDefined();
    }
    expect(results.filter((_, i) => i % 2 === 1).every(({ status }) => status === 202)).toBe(true);
    await vi.waitUntil(() => arrivedOf(other).length === 250, { timeout: 10_000 });
    expect(idsOf(user)).toEqual(Array.from({ length: 100 }, (_, i) => `${user}:${i + 1}`));
    const ids = batch.map(({ event_id }) => event_id);
    const lines = await vi.waitUntil(
      () => {
        const own = running.logs.filter(({ event_id }) => ids.includes(String(event_id)));
        return own.length >= ids.length && own;
      },
      { timeout: 10_000 },
    );
    expect(lines.length).toBe(ids.length);
    expect(new Map(lines.map(({ event_id, code }) => [event_id, code]))).toEqual(
      new Map(results.map(({ event_id, code }) => [event_id, code])),
    );
    // The user's next request is not held up.
    expect((await sendBatch(JSON.stringify([eventOf(user, `${user}:next`)]))).status).toBe(202);
  });

  it.each([
    [503, "publish_unavailable", { kind: "error", code: grpc.UNAVAILABLE }],
    [504, "publish_timeout", { kind: "hang" }],
  ] as const)("throughout: %i, every entry %s", async (status, code, fault) => {
    const stop = pubsub.faults.every(1, fault);
    const answer = await sendBatch(JSON.stringify([1, 2, 3].map((i) => eventOf(`u${i}`, randomUUID()))));
    stop();
    expect(answer.status).toBe(status);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    for (const result of answer.results) expect(result).toMatchObject({ status, code, retryable: true });
  });
});

describe("ORDERING_KEY_SHARDS", () => {
  it("publishes many users under few keys, in each user's order, by a hash that never changes", async () => {
    const sharded = await startFunction("user-actions", {
      endpoint: pubsub.endpoint,
      project,
      env: { ORDERING_KEY_SHARDS: "8" },
    });
    try {
      const before = pubsub.stats().publishRequests;
      const users = ["usr_8821", ...Array.from({ length: 99 }, (_, i) => `user-${i}`)];
      const batch = users.flatMap((user) => [eventOf(user, `${user}:a`), eventOf(user, `${user}:b`)]);
      expect((await sendBatch(JSON.stringify(batch), {}, sharded)).status).toBe(202);
      expect(pubsub.stats().publishRequests - before).toBe(8);
      const isSharded = ({ orderingKey }: { orderingKey: string }) => orderingKey.startsWith("shard-");
      await vi.waitUntil(() => topic.messages.filter(isSharded).length === batch.length, { timeout: 10_000 });
      const arrived = topic.messages.filter(isSharded);
      for (const user of users) {
        const own = arrived.filter(({ attributes }) => attributes.event_id?.startsWith(`${user}:`));
        expect(own.map(({ attributes }) => attributes.event_id)).toEqual([`${user}:a`, `${user}:b`]);
      }
      // printf usr_8821 | sha256sum begins with 81b346e4: another release or publisher must come to the same.
      const known = arrived.find(({ attributes }) => attributes.event_id === "usr_8821:a");
      expect(known?.orderingKey).toBe("shard-4");
      expect(arrived.every(({ orderingKey }) => /^shard-[0-7]$/.test(orderingKey))).toBe(true);
    } finally {
      await sharded.stop();
    }
  });

  it("lets one event that Pub/Sub refuses take nobody else's with it", async () => {
    const sharded = await startFunction("user-actions", {
      endpoint: pubsub.endpoint,
      project,
      env: { ORDERING_KEY_SHARDS: "1" },
    });
    const isBad = ({ messages }: PublishRequest) => messages.some(({ attributes }) => attributes?.event_id === "bad-2");
    pubsub.faults.use((request) =>
      isBad(request) ? { kind: "error", code: grpc.INVALID_ARGUMENT, details: "breaks the topic's schema" } : undefined,
    );
    try {
      const batch = [1, 2, 3].flatMap((i) => [eventOf("good", `good-${i}`), eventOf("bad", `bad-${i}`)]);
      const { status, results } = await sendBatch(JSON.stringify(batch), {}, sharded);
      expect([status, ...results.map(({ code }) => code ?? "accepted")]).toEqual([
        ...[207, "accepted", "accepted", "accepted", "publish_rejected", "accepted", "not_attempted"],
      ]);
      expect(results[3]?.retryable).toBe(false);
      const shard = () => idsOf("shard-0").slice(-4);
      await vi.waitUntil(() => shard().length === 4, { timeout: 10_000 });
      expect(shard()).toEqual(["good-1", "bad-1", "good-2", "good-3"]);
    } finally {
      await sharded.stop();
    }
  });
});
