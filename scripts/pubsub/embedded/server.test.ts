import { Client, credentials } from "@grpc/grpc-js";
import { expect, it, onTestFinished } from "vitest";
import { callUnary } from "../client.ts";
import { createFixture, createMessages } from "../conformance/fixture.ts";
import { openRawStream } from "../conformance/raw-stream.ts";
import { subscriberMethods } from "../protocol.ts";
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

it("shares messages without order among subscribers", async () => {
  const { client, admin, topic, subscriptionName: subscription } = await startWithFixture();
  const streams = [openRawStream(client, { subscription }), openRawStream(client, { subscription })];
  await letOthersArrive();
  await admin.publish(topic, createMessages("", "1", "2", "3", "4"));
  await Promise.all(streams.map((stream) => stream.waitFor(2)));
  expect(streams.flatMap(({ texts }) => texts).sort()).toEqual(["1", "2", "3", "4"]);
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
