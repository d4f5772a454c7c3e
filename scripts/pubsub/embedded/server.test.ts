import { Client, credentials } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { callUnary, type OutgoingMessage } from "../client.ts";
import { collectTopic } from "../collect-topic.ts";
import { openRawStream } from "../conformance/delivery.ts";
import { createFixture, createMessages } from "../conformance/fixture.ts";
import { publisherMethods, subscriberMethods } from "../protocol.ts";
import { startEmbeddedPubSub } from "./server.ts";

async function startWithFixture() {
  const server = await startEmbeddedPubSub();
  onTestFinished(() => server.close());
  return { server, ...(await createFixture(server.endpoint)) };
}

it("delivers again, after a message that was given back, every later one of its key, acknowledged or not", async () => {
  const { client, admin, topic, subscriptionName: subscription } = await startWithFixture();
  const stream = openRawStream(client, { subscription });
  await admin.publish(topic, createMessages("key", "1", "2", "3"));
  await stream.waitFor(3);
  stream.acknowledge("2");
  stream.modifyDeadline("1", 0);
  await stream.waitFor(6);
  expect(stream.texts).toEqual(["1", "2", "3", "1", "2", "3"]);
});

it("never has more messages outstanding on a stream than the subscriber allows", async () => {
  const { client, admin, topic, subscriptionName: subscription } = await startWithFixture();
  const stream = openRawStream(client, { subscription, maxOutstandingMessages: 2 });
  await admin.publish(topic, createMessages("", "1", "2", "3"));
  await stream.waitFor(2);
  await letOthersArrive();
  expect(stream.texts).toEqual(["1", "2"]);
  stream.acknowledge("1");
  await stream.waitFor(3);
  expect(stream.texts).toEqual(["1", "2", "3"]);
});

it("keeps the messages of a key with one subscriber while some are outstanding", async () => {
  const { client, admin, topic, subscriptionName: subscription } = await startWithFixture();
  const first = openRawStream(client, { subscription });
  await admin.publish(topic, createMessages("key", "1"));
  await first.waitFor(1);
  openRawStream(client, { subscription });
  await letOthersArrive();
  await admin.publish(topic, createMessages("key", "2"));
  await first.waitFor(2);
  await admin.publish(topic, createMessages("key", "3"));
  await first.waitFor(3);
  expect(first.texts).toEqual(["1", "2", "3"]);
});

it("tells how far the consumers of a subscription are", async () => {
  const { server, client, admin, topic, subscriptionName: subscription } = await startWithFixture();
  const backlog = () => server.backlogs().find((each) => subscription.endsWith(`/${each.subscription}`));
  expect(backlog()).toMatchObject({ topic, messages: 0, oldest: undefined, isRead: false });
  const before = Date.now();
  await admin.publish(topic, createMessages("key", "1", "2", "3"));
  expect(backlog()?.messages).toBe(3);
  const { oldest = 0 } = backlog() ?? {};
  expect([oldest >= before, oldest <= Date.now()]).toEqual([true, true]);
  const stream = openRawStream(client, { subscription });
  await stream.waitFor(3);
  // What is kept because it may come again is acknowledged all the same.
  stream.acknowledge("3");
  await expect.poll(() => backlog()).toMatchObject({ messages: 2, oldest, isRead: true });
  stream.acknowledge("1");
  stream.acknowledge("2");
  await expect.poll(() => backlog()?.messages).toBe(0);
});

it("shares messages without order among subscribers", async () => {
  const { client, admin, topic, subscriptionName: subscription } = await startWithFixture();
  const streams = [openRawStream(client, { subscription }), openRawStream(client, { subscription })];
  await letOthersArrive();
  await admin.publish(topic, createMessages("", "1", "2", "3", "4"));
  await Promise.all(streams.map((stream) => stream.waitFor(2)));
  expect(streams.flatMap(({ texts }) => texts).sort()).toEqual(["1", "2", "3", "4"]);
});

describe("a key with a dead letter", () => {
  async function startWithDeadLetters() {
    const fixture = await startWithFixture();
    const { project, admin, client, topicName: topic } = fixture;
    await admin.createTopic("dead");
    const name = `projects/${project}/subscriptions/ordered`;
    const deadLetterPolicy = { deadLetterTopic: `projects/${project}/topics/dead`, maxDeliveryAttempts: 5 };
    const request = { name, topic, enableMessageOrdering: true, deadLetterPolicy };
    await callUnary(client, subscriberMethods.CreateSubscription, request);
    return { ...fixture, name, dead: await collectTopic(fixture.endpoint, project, "dead") };
  }

  it("goes on with its next message", async () => {
    const { client, admin, topic, name, dead } = await startWithDeadLetters();
    const stream = openRawStream(client, { subscription: name });
    await admin.publish(topic, createMessages("key", "bad", "good"));
    for (let delivery = 1; delivery <= 5; delivery += 1) {
      await stream.waitFor(2 * delivery);
      stream.modifyDeadline("bad", 0);
    }
    await dead.waitFor(1);
    stream.acknowledge("good");
    await admin.publish(topic, createMessages("key", "next"));
    await stream.waitFor(11);
    expect(stream.texts).toEqual([...Array.from({ length: 5 }, () => ["bad", "good"]).flat(), "next"]);
  });

  it("has those moved aside in order that are given back, or run out of time", async () => {
    const { client, admin, topic, name, dead } = await startWithDeadLetters();
    const stream = openRawStream(client, { subscription: name });
    for (const [index, text] of ["1", "2", "3"].entries()) {
      await admin.publish(topic, createMessages("key", text));
      for (let delivery = 1; delivery <= 5; delivery += 1) {
        await stream.waitFor(5 * index + delivery);
        stream.modifyDeadline(text, text === "3" && delivery === 5 ? 1 : 0);
      }
      await dead.waitFor(index + 1);
    }
    expect(dead.messages.map(({ data }) => data.toString())).toEqual(["1", "2", "3"]);
    expect(stream.texts).toHaveLength(15);
  });
});

describe("an answer", () => {
  const pull = (client: Client, subscription: string) =>
    callUnary(client, subscriberMethods.Pull, { subscription, maxMessages: 1000 }, { timeoutMs: 5_000 });

  /** Publishes, and reads as clients do that take no more than 4 MiB. */
  async function publishAndPull(messages: OutgoingMessage[]) {
    const { endpoint, admin, topic, subscriptionName } = await startWithFixture();
    for (let from = 0; from < messages.length; from += 500)
      await admin.publish(topic, messages.slice(from, from + 500));
    const client = new Client(endpoint, credentials.createInsecure(), { "grpc.max_receive_message_length": 4 << 20 });
    onTestFinished(() => client.close());
    const sizes: number[] = [];
    for (let read = 0; read < messages.length; read += sizes.at(-1) ?? 0) {
      const { receivedMessages } = await pull(client, subscriptionName);
      sizes.push(receivedMessages.length);
      const ackIds = receivedMessages.map(({ ackId }) => ackId);
      await callUnary(client, subscriberMethods.Acknowledge, { subscription: subscriptionName, ackIds });
    }
    return sizes;
  }

  it.each([
    ["600 messages of 10 kB", 600, { data: Buffer.alloc(10_000) }, 390],
    ["100 messages of attributes", 100, { attributes: toAttributes(90) }, 40],
  ])("is never larger than 4 MiB, and what is not in it is not leased: %s", async (_, count, message, atLeast) => {
    const sizes = await publishAndPull(Array.from({ length: count }, () => message));
    expect(sizes[0]).toBeGreaterThan(atLeast);
    expect(sizes.length).toBeGreaterThan(1);
  });

  it("has a larger message alone", async () => {
    const { client, admin, topic, subscriptionName: subscription } = await startWithFixture();
    for (const size of [10, 5_000_000, 20]) await admin.publish(topic, [{ data: Buffer.alloc(size) }]);
    const sizes: number[][] = [];
    for (let read = 0; read < 3; read += 1) {
      const { receivedMessages } = await pull(client, subscription);
      sizes.push(receivedMessages.map(({ message }) => message.data.length));
    }
    expect(sizes).toEqual([[10], [5_000_000], [20]]);
  });

  it("of a stream is never larger than 4 MiB", async () => {
    const { endpoint, admin, topic, subscriptionName: subscription } = await startWithFixture();
    for (let pair = 0; pair < 2; pair += 1) {
      await admin.publish(topic, [{ data: Buffer.alloc(900_000) }]);
      await admin.publish(topic, [{ data: Buffer.alloc(3_900_000) }]);
    }
    const client = new Client(endpoint, credentials.createInsecure(), { "grpc.max_receive_message_length": 4 << 20 });
    onTestFinished(() => client.close());
    const stream = openRawStream(client, { subscription });
    await stream.waitFor(4);
  });
});

function toAttributes(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`name-${index}`, "v".repeat(1000)]));
}

it("keeps at least the last 10,000 messages of a topic with retention", async () => {
  const { client, admin, project } = await startWithFixture();
  const name = `projects/${project}/topics/retained`;
  await callUnary(client, publisherMethods.CreateTopic, { name, messageRetentionDuration: { seconds: 86_400 } });
  const numbers = Array.from({ length: 12_000 }, (_, index) => String(index));
  for (let from = 0; from < 12_000; from += 1000) {
    await admin.publish("retained", createMessages("", ...numbers.slice(from, from + 1000)));
  }
  await admin.createSubscription("late", "retained", { filter: "NOT attributes:verification" });
  const subscription = `projects/${project}/subscriptions/late`;
  await callUnary(client, subscriberMethods.Seek, { subscription, time: { seconds: 0, nanos: 0 } });
  const stream = openRawStream(client, { subscription });
  await stream.waitFor(10_000);
  await letOthersArrive();
  expect(stream.texts).toEqual(numbers.slice(2_000));
});

it("filters what comes back, lets go of what was on its way, and keeps the order of a key", async () => {
  const { client, admin, project, topicName } = await startWithFixture();
  const name = `projects/${project}/subscriptions/filtered`;
  const settings = { enableMessageOrdering: true, retainAckedMessages: true, filter: "attributes:wanted" };
  await callUnary(client, subscriberMethods.CreateSubscription, { name, topic: topicName, ...settings });
  const stream = openRawStream(client, { subscription: name, maxOutstandingMessages: 2 });
  const attributes = { wanted: "yes" };
  await admin.publish("topic", createMessages("key", "unwanted"));
  for (const text of ["1", "2", "3"]) await admin.publish("topic", [{ ...createMessages("key", text)[0], attributes }]);
  await stream.waitFor(2);
  await callUnary(client, subscriberMethods.Seek, { subscription: name, time: { seconds: 0, nanos: 0 } });
  await stream.waitFor(4);
  for (const text of ["1", "2"]) stream.acknowledge(text);
  await stream.waitFor(5);
  expect(stream.texts).toEqual(["1", "2", "1", "2", "3"]);
});

it("counts, and holds only what some subscription has not acknowledged", async () => {
  const { server, client, admin, topic, subscriptionName: subscription } = await startWithFixture();
  await admin.createTopic("without-subscription");
  await admin.publish("without-subscription", createMessages("", "1", "2"));
  expect(server.stats()).toEqual({ publishRequests: 1, messages: 2, held: 0 });
  await admin.publish(topic, [...createMessages("key", "1", "2", "3")]);
  await admin.publish(topic, createMessages("", "4"));
  expect(server.stats()).toEqual({ publishRequests: 3, messages: 6, held: 4 });
  const { receivedMessages } = await callUnary(client, subscriberMethods.Pull, { subscription, maxMessages: 4 });
  const ackIds = receivedMessages.map(({ ackId }) => ackId);
  await callUnary(client, subscriberMethods.Acknowledge, { subscription, ackIds });
  expect(server.stats().held).toBe(0);
});

it("does not start on a port that is taken", async () => {
  const { server } = await startWithFixture();
  const port = Number(server.endpoint.split(":")[1]);
  await expect(startEmbeddedPubSub({ port })).rejects.toThrow("EADDRINUSE");
});

it("ends its open streams and waiting pulls when closed", async () => {
  const server = await startEmbeddedPubSub();
  const { client, subscriptionName: subscription } = await createFixture(server.endpoint);
  const pullClient = new Client(server.endpoint, credentials.createInsecure());
  onTestFinished(() => pullClient.close());
  const stream = openRawStream(client, { subscription });
  const pull = callUnary(pullClient, subscriberMethods.Pull, { subscription, maxMessages: 1 });
  const outcome = expect(pull).rejects.toMatchObject({ code: expect.any(Number) });
  await letOthersArrive();
  await server.close();
  expect(await stream.failure).toMatchObject({ code: expect.any(Number) });
  await outcome;
});

/** Time in which a message that must not come would come. */
function letOthersArrive(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 100));
}
