import { status as grpc } from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connectPubSub } from "../../scripts/pubsub/client.ts";
import { collectTopic } from "../../scripts/pubsub/collect-topic.ts";
import { type FaultyPubSub, startFaultyPubSub } from "../../scripts/pubsub/faulty-pubsub.ts";
import { getGarbageCollector } from "../../scripts/testing/garbage-collector.ts";
import { readConfig } from "../config.ts";
import { PublishFailure } from "./failure.ts";
import { Publisher } from "./publisher.ts";

let pubsub: FaultyPubSub;
let publisher: Publisher;

beforeAll(async () => {
  pubsub = await startFaultyPubSub();
  const admin = connectPubSub(pubsub.endpoint, "unit");
  await admin.createTopic("unit-topic");
  admin.close();
  const env = { GCP_PROJECT_ID: "unit", PUBSUB_EMULATOR_HOST: pubsub.endpoint, MAX_IN_FLIGHT: "10000" };
  publisher = new Publisher(readConfig(env), { topic: "unit-topic" });
});
afterEach(() => pubsub.faults.clear());
afterAll(async () => {
  publisher.close();
  await pubsub.close();
});

const toMessage = (userId: string, data = "{}") => ({ userId, data: Buffer.from(data), attributes: {} });

it("keeps nothing of 10,000 ordering keys whose publish failed", { timeout: 240_000 }, async () => {
  const collectGarbage = getGarbageCollector();
  const failMany = async (from: number, to: number) => {
    for (let i = from; i < to; i += 1000) {
      const results = await Promise.allSettled(
        Array.from({ length: 1000 }, (_, k) => publisher.publish(toMessage(`key-${i + k}`))),
      );
      expect(results.every((r) => r.status === "rejected" && r.reason instanceof PublishFailure)).toBe(true);
    }
  };
  const readHeap = () => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  pubsub.faults.every(1, { kind: "error", code: grpc.PERMISSION_DENIED });
  await failMany(0, 5000);
  const before = readHeap();
  await failMany(5000, 15_000);
  // A Map entry with its key alone is 100 bytes: what stayed behind would be 1 MB.
  await expect.poll(() => readHeap() - before).toBeLessThan(600_000);
  pubsub.faults.clear();
  await expect(publisher.publish(toMessage("key-1"))).resolves.toEqual(expect.any(String));
});

describe("order", () => {
  it("of each key is that of the calls, however they are retried", async () => {
    const topic = await collectTopic(pubsub.endpoint, "unit", "unit-topic");
    pubsub.faults.every(3, { kind: "error", code: grpc.UNAVAILABLE });
    const keys = ["a", "b", "c"];
    const calls = Array.from({ length: 300 }, (_, i) => publisher.publish(toMessage(keys[i % 3] as string, `${i}`)));
    await Promise.all(calls);
    await topic.waitFor(300);
    for (const [k, key] of keys.entries()) {
      const own = topic.messages.filter(({ orderingKey }) => orderingKey === key).map(({ data }) => Number(`${data}`));
      expect(own).toEqual(Array.from({ length: 100 }, (_, i) => i * 3 + k));
    }
    await topic.close();
  });
});

describe("requests", () => {
  const countRequests = async (publish: () => Promise<unknown>[]) => {
    const before = pubsub.stats().publishRequests;
    await Promise.all(publish());
    return pubsub.stats().publishRequests - before;
  };

  it("gather what comes at once or waits for the one under way, up to the number of messages", async () => {
    const publish = () => Array.from({ length: 250 }, () => publisher.publish(toMessage("gather")));
    expect(await countRequests(publish)).toBe(3);
  });

  it("gather up to the number of bytes; a larger message goes alone", async () => {
    const sizes = [1, 400_000, 400_000, 400_000, 3_000_000, 1];
    const publish = () => sizes.map((size) => publisher.publish(toMessage("bytes", "x".repeat(size))));
    // 1 and 400,000 twice | 400,000 | 3,000,000 | 1
    expect(await countRequests(publish)).toBe(4);
  });

  it("of different keys do not wait for each other", async () => {
    const remove = pubsub.faults.use(({ messages }) =>
      messages[0]?.orderingKey === "stuck" ? { kind: "delay", ms: 500 } : undefined,
    );
    const order: string[] = [];
    await Promise.all(["stuck", "free"].map((key) => publisher.publish(toMessage(key)).then(() => order.push(key))));
    remove();
    expect(order).toEqual(["free", "stuck"]);
  });
});
