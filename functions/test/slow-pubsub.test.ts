import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { collectTopic, type TopicCollector } from "../../scripts/pubsub/collect-topic.ts";
import { type FaultyPubSub, startFaultyPubSub } from "../../scripts/pubsub/faulty-pubsub.ts";
import { type FunctionProcess, startFunction } from "../../scripts/testing/function-process.ts";
import { post } from "../../scripts/testing/post.ts";
import { sampleOf } from "../../scripts/testing/sample-of.ts";
import { domains } from "../../shared/events/registry.ts";

// A Pub/Sub that is slow because it is overloaded must not get more calls for it.

const EVENTS = 40;
const project = "slow";
const { topic: topicId } = domains.system;
const sample = sampleOf("system");

let pubsub: FaultyPubSub;
let topic: TopicCollector;
let running: FunctionProcess;

beforeAll(async () => {
  pubsub = await startFaultyPubSub();
  topic = await collectTopic(pubsub.endpoint, project, topicId);
  // Above the slowest call with room for a loaded machine; below it would be the budget that is tested.
  running = await startFunction("system", { endpoint: pubsub.endpoint, project, env: { PUBLISH_TIMEOUT_MS: "15000" } });
});
afterEach(() => pubsub.faults.clear());
afterAll(async () => {
  expect(await running.stop()).toBe(0);
  await topic.close();
  await pubsub.close();
});

async function send(user_id: string, event_id: string = randomUUID()): Promise<number> {
  return (await post(running.url, { ...sample, user_id, event_id })).status;
}

it(`stores ${EVENTS} events at most ${EVENTS * 1.1} times when it takes 2.5 to 9 s, and each is accepted`, async () => {
  let calls = 0;
  pubsub.faults.use(() => ({ kind: "delay", ms: 2500 + ((calls++ * 700) % 6500) }));
  const before = topic.messages.length;
  const statuses = await Promise.all(Array.from({ length: EVENTS }, (_, i) => send(`user-${i}`)));
  expect(statuses).toEqual(statuses.map(() => 202));
  expect(calls).toBeLessThanOrEqual(EVENTS * 1.1);
  await vi.waitUntil(() => topic.messages.length - before >= EVENTS, { timeout: 20_000 });
  expect(topic.messages.length - before).toBeLessThanOrEqual(EVENTS * 1.1);
});

it("gets a user's events once and in order, also where they wait behind 100 slow calls", {
  timeout: 60_000,
}, async () => {
  for (let i = 0; i < 10; i++) await send("warm");
  pubsub.faults.use(({ messages }) =>
    messages[0]?.orderingKey?.startsWith("busy") ? { kind: "delay", ms: 4000 } : undefined,
  );
  const before = pubsub.stats().publishRequests;
  const busy = Array.from({ length: 100 }, (_, i) => send(`busy-${i}`));
  await vi.waitUntil(() => pubsub.stats().publishRequests - before >= 100, { timeout: 10_000 });
  const statuses: number[] = [];
  for (const id of ["1", "2", "3"]) statuses.push(await send("ordered", `ordered-${id}`));
  expect(statuses).toEqual([202, 202, 202]);
  expect(await Promise.all(busy)).toEqual(busy.map(() => 202));
  const arrived = () => topic.messages.filter(({ orderingKey }) => orderingKey === "ordered");
  await vi.waitUntil(() => arrived().length === 3, { timeout: 10_000 });
  expect(arrived().map(({ attributes }) => attributes.event_id)).toEqual(["ordered-1", "ordered-2", "ordered-3"]);
});
