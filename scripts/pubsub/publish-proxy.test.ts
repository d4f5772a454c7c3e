import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { callUnary, connectPubSub, type PubSubAdmin } from "./client.ts";
import { createFixture, createMessages } from "./conformance/fixture.ts";
import { type EmbeddedPubSub, startEmbeddedPubSub } from "./embedded/server.ts";
import type { Fault } from "./faults.ts";
import { publisherMethods } from "./protocol.ts";
import { type PublishAttempt, type PublishProxy, startPublishProxy } from "./publish-proxy.ts";

let server: EmbeddedPubSub;
let proxy: PublishProxy;
let admin: PubSubAdmin;
let fault: Fault | undefined;
let attempts: PublishAttempt[] = [];

beforeAll(async () => {
  server = await startEmbeddedPubSub();
  proxy = await startPublishProxy(
    server.endpoint,
    () => fault,
    (attempt) => attempts.push(attempt),
  );
  admin = connectPubSub(proxy.endpoint, "test");
  await admin.createTopic("topic");
});
afterAll(async () => {
  admin.close();
  await proxy.close();
  await server.close();
});
beforeEach(() => {
  attempts = [];
  fault = undefined;
});

/** Publishes one message; tells the status code of the answer, and whether the server stored the message. */
async function publish(topic = "topic"): Promise<{ code: status; stored: boolean }> {
  const { messages } = server.stats();
  const code = await admin.publish(topic, createMessages("key", "a")).then(
    () => status.OK,
    (error) => error.code,
  );
  return { code, stored: server.stats().messages > messages };
}

const told = () => attempts.map((attempt) => [attempt.topic, attempt.status]);

it("passes calls on, and tells of each when it begins and when it has ended", async () => {
  expect(await publish()).toEqual({ code: status.OK, stored: true });
  expect(told()).toEqual([
    ["topic", ""],
    ["topic", "OK"],
  ]);
  expect(attempts[1]?.ms).toBeGreaterThan(0);
});

it("passes the server's own refusal on, with its words", async () => {
  await expect(admin.publish("unknown", createMessages("", "a"))).rejects.toMatchObject({
    code: status.NOT_FOUND,
    details: "Resource not found (resource=unknown).",
  });
  expect(told().at(-1)).toEqual(["unknown", "NOT_FOUND"]);
});

it("passes a message of megabytes on", async () => {
  const data = Buffer.alloc(9_000_000, "x");
  await expect(admin.publish("topic", [{ data }])).resolves.toHaveLength(1);
});

it.each<[Fault, status, boolean, string]>([
  [{ kind: "error", code: status.PERMISSION_DENIED }, status.PERMISSION_DENIED, false, "PERMISSION_DENIED"],
  [{ kind: "delay", ms: 20 }, status.OK, true, "OK"],
  [{ kind: "lost-answer", caller: "unavailable" }, status.UNAVAILABLE, true, "UNAVAILABLE"],
  [{ kind: "drop" }, status.UNAVAILABLE, false, "CONNECTION DROPPED"],
])("does to a call what it is told: %o", async (chosen, code, stored, last) => {
  fault = chosen;
  expect(await publish()).toEqual({ code, stored });
  expect(told().at(-1)).toEqual(["topic", last]);
  fault = undefined;
  expect(await publish()).toEqual({ code: status.OK, stored: true });
});

it.each<[Fault, number]>([
  [{ kind: "hang" }, 0],
  [{ kind: "lost-answer", caller: "hang" }, 1],
])("never answers: %o", async (chosen, stored) => {
  fault = chosen;
  const { messages } = server.stats();
  const { client, topicName } = await createFixture(proxy.endpoint);
  const request = { topic: topicName, messages: createMessages("", "a") };
  await expect(callUnary(client, publisherMethods.Publish, request, { timeoutMs: 300 })).rejects.toMatchObject({
    code: status.DEADLINE_EXCEEDED,
  });
  await expect.poll(() => told().at(-1)?.[1]).toBe("CANCELLED");
  expect(server.stats().messages).toBe(messages + stored);
});

it("says UNAVAILABLE while the server is away, and works again when it is back", async () => {
  const other = await startEmbeddedPubSub();
  const port = Number(other.endpoint.split(":")[1]);
  const between = await startPublishProxy(
    other.endpoint,
    () => undefined,
    () => {},
  );
  const direct = connectPubSub(between.endpoint, "test");
  await direct.createTopic("topic");
  await other.close();
  await expect(direct.publish("topic", createMessages("", "a"))).rejects.toMatchObject({ code: status.UNAVAILABLE });
  const again = await startEmbeddedPubSub({ port });
  await direct.createTopic("topic");
  await expect(direct.publish("topic", createMessages("", "a"))).resolves.toHaveLength(1);
  direct.close();
  await between.close();
  await again.close();
});
