import { status } from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { callUnary, connectPubSub, type PubSubAdmin } from "./client.ts";
import { createFixture, createMessages } from "./conformance/fixture.ts";
import { type FaultyPubSub, startFaultyPubSub } from "./faulty-pubsub.ts";
import { publisherMethods } from "./protocol.ts";

let server: FaultyPubSub;
let admin: PubSubAdmin;

beforeAll(async () => {
  server = await startFaultyPubSub();
  admin = connectPubSub(server.endpoint, "test");
  await admin.createTopic("topic");
});
afterEach(() => server.faults.clear());
afterAll(async () => {
  admin.close();
  await server.close();
});

/** Publishes one message; tells the status code of the answer, and whether the message was accepted by the server. */
async function publish(text = "a"): Promise<{ code: status; stored: boolean }> {
  const { messages } = server.stats();
  const code = await admin.publish("topic", createMessages("key", text)).then(
    () => status.OK,
    (error) => error.code,
  );
  return { code, stored: server.stats().messages > messages };
}

it("answers the next publish calls with an error and stores nothing, then works again", async () => {
  server.faults.failNext(2, status.RESOURCE_EXHAUSTED);
  expect(await publish()).toEqual({ code: status.RESOURCE_EXHAUSTED, stored: false });
  expect(await publish()).toEqual({ code: status.RESOURCE_EXHAUSTED, stored: false });
  expect(await publish()).toEqual({ code: status.OK, stored: true });
});

it("answers late, with the message stored", async () => {
  server.faults.next(1, { kind: "delay", ms: 150 });
  const start = performance.now();
  expect(await publish()).toEqual({ code: status.OK, stored: true });
  expect(performance.now() - start).toBeGreaterThan(140);
});

it("never answers: hang", async () => {
  server.faults.next(1, { kind: "hang" });
  const { messages } = server.stats();
  expect(await publishWithTimeout()).toBe(status.DEADLINE_EXCEEDED);
  expect(server.stats().messages).toBe(messages);
});

it("stores and answers UNAVAILABLE: lost answer", async () => {
  server.faults.next(1, { kind: "lost-answer", caller: "unavailable" });
  expect(await publish()).toEqual({ code: status.UNAVAILABLE, stored: true });
});

it("stores and never answers: lost answer", async () => {
  server.faults.next(1, { kind: "lost-answer", caller: "hang" });
  const { messages } = server.stats();
  expect(await publishWithTimeout()).toBe(status.DEADLINE_EXCEEDED);
  expect(server.stats().messages).toBe(messages + 1);
});

it("loses the answer of a call that is refused as well", async () => {
  server.faults.next(1, { kind: "lost-answer", caller: "unavailable" });
  await expect(admin.publish("unknown", createMessages("", "a"))).rejects.toMatchObject({ code: status.UNAVAILABLE });
});

it("fails one call in five", async () => {
  server.faults.every(5, { kind: "error", code: status.UNAVAILABLE });
  const codes: status[] = [];
  for (let call = 0; call < 10; call += 1) codes.push((await publish()).code);
  expect(codes.map((code) => code === status.OK)).toEqual([
    ...[true, true, true, true, false],
    ...[true, true, true, true, false],
  ]);
});

it("fails the calls that a rule picks, until the rule is taken away", async () => {
  const remove = server.faults.use(({ messages }) =>
    messages.some(({ data }) => data?.toString() === "bad") ? { kind: "error", code: status.INTERNAL } : undefined,
  );
  expect((await publish("good")).code).toBe(status.OK);
  expect((await publish("bad")).code).toBe(status.INTERNAL);
  remove();
  expect((await publish("bad")).code).toBe(status.OK);
});

async function publishWithTimeout(): Promise<status> {
  const { client, topicName } = await createFixture(server.endpoint);
  const request = { topic: topicName, messages: createMessages("", "a") };
  return callUnary(client, publisherMethods.Publish, request, { timeoutMs: 300 }).then(
    () => status.OK,
    (error) => error.code,
  );
}
