import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callUnary } from "../client.ts";
import { createFixture, createMessages } from "../conformance/fixture.ts";
import { publisherMethods, type Subscription, subscriberMethods } from "../protocol.ts";
import { type EmbeddedPubSub, startEmbeddedPubSub } from "./server.ts";

// Where the emulator takes what the service refuses, or takes a setting and ignores it, the embedded server follows the
// service.

let server: EmbeddedPubSub;
beforeAll(async () => {
  server = await startEmbeddedPubSub();
});
afterAll(() => server.close());

it.each(["garbage", "", "1", "projects/p/subscriptions/other:1"])("refuses the ack id %j", async (ackId) => {
  const { client, subscriptionName: subscription } = await createFixture(server.endpoint);
  const request = { subscription, ackIds: [ackId] };
  const calls = [
    callUnary(client, subscriberMethods.Acknowledge, request),
    callUnary(client, subscriberMethods.ModifyAckDeadline, { ...request, ackDeadlineSeconds: 10 }),
  ];
  for (const outcome of await Promise.allSettled(calls)) {
    expect(outcome).toMatchObject({ status: "rejected", reason: { code: status.INVALID_ARGUMENT } });
  }
});

it("refuses a new deadline of 601, a page token of nobody's, and a project that is none", async () => {
  const { client, project, subscriptionName: subscription } = await createFixture(server.endpoint);
  const request = { subscription, ackIds: [`${subscription}:1`], ackDeadlineSeconds: 601 };
  const calls = [
    callUnary(client, subscriberMethods.ModifyAckDeadline, request),
    callUnary(client, publisherMethods.ListTopics, { project: `projects/${project}`, pageToken: "garbage" }),
    callUnary(client, publisherMethods.ListTopics, { project: "" }),
  ];
  for (const outcome of await Promise.allSettled(calls)) {
    expect(outcome).toMatchObject({ status: "rejected", reason: { code: status.INVALID_ARGUMENT } });
  }
});

async function createSubscription(settings: Partial<Subscription>) {
  const fixture = await createFixture(server.endpoint);
  const name = `${fixture.subscriptionName}-2`;
  await callUnary(fixture.client, subscriberMethods.CreateSubscription, {
    name,
    topic: fixture.topicName,
    ...settings,
  });
  return { ...fixture, name };
}

it.each<[string, Partial<Subscription>]>([
  ["exactly-once delivery", { enableExactlyOnceDelivery: true }],
  ["push delivery", { pushConfig: { pushEndpoint: "https://example.com" } }],
])("says UNIMPLEMENTED to %s rather than ignore it", async (_, settings) => {
  await expect(createSubscription(settings)).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
});

it("waits, by its retry policy, before it delivers again what is given back", async () => {
  const { client, admin, topic, topicName, subscriptionName } = await createFixture(server.endpoint);
  const subscription = `${subscriptionName}-2`;
  const retryPolicy = { minimumBackoff: { seconds: 2 }, maximumBackoff: { seconds: 2 } };
  const request = { name: subscription, topic: topicName, enableMessageOrdering: true, retryPolicy };
  await callUnary(client, subscriberMethods.CreateSubscription, request);
  await admin.publish(topic, createMessages("key", "1"));
  const pull = async () => {
    const answer = await callUnary(client, subscriberMethods.Pull, { subscription, maxMessages: 1 });
    return answer.receivedMessages.map(({ ackId }) => ackId);
  };
  const ackIds = await pull();
  const start = performance.now();
  await callUnary(client, subscriberMethods.ModifyAckDeadline, { subscription, ackIds, ackDeadlineSeconds: 0 });
  while ((await pull()).length === 0);
  expect(performance.now() - start).toBeGreaterThan(1500);
});

describe("a filter", () => {
  const messages = [
    { attributes: { n: "0" } },
    { attributes: { n: "1", type: "order.placed" } },
    { attributes: { n: "2", type: "order.lost", verification: "ab" } },
    { attributes: { n: "3", verification: "" } },
  ];

  it.each([
    ["NOT attributes:verification", "01"],
    ["-attributes:verification", "01"],
    ["attributes:type", "12"],
    ['attributes.type = "order.placed"', "1"],
    ['attributes.type="order.placed"', "1"],
    ['attributes.type != "order.placed"', "2"],
    ['hasPrefix(attributes.type, "order.")', "12"],
    ['hasPrefix(attributes.type,"order.") AND NOT attributes:verification', "1"],
    ['attributes:verification OR attributes.type = "order.placed"', "123"],
    ['NOT (attributes:verification OR attributes.n = "0")', "1"],
    ['attributes:"type"', "12"],
  ])("%s leaves %s of 0123", async (filter, expected) => {
    const { client, admin, topic, name } = await createSubscription({ filter });
    await admin.publish(topic, messages);
    const numbers: string[] = [];
    while (numbers.length < expected.length) {
      const request = { subscription: name, maxMessages: 10, returnImmediately: true };
      const { receivedMessages } = await callUnary(client, subscriberMethods.Pull, request);
      numbers.push(...receivedMessages.map(({ message }) => message.attributes.n ?? ""));
    }
    expect(numbers.sort().join("")).toBe(expected);
  });

  it.each(["x ==== ", "attributes.type = order", "attributes:a AND attributes:b OR attributes:c", "(", "type", '"'])(
    "%j is refused: INVALID_ARGUMENT",
    async (filter) => {
      await expect(createSubscription({ filter })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    },
  );

  it("of more than 256 bytes is refused: INVALID_ARGUMENT", async () => {
    const filter = `attributes.type = "${"a".repeat(256)}"`;
    await expect(createSubscription({ filter })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });
});
