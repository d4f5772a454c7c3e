import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callUnary, connectPubSub, type OutgoingMessage, type PubSubAdmin } from "../client.ts";
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
  // What comes behind it waits, too.
  await admin.publish(topic, createMessages("key", "2"));
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

describe("checks of a publish request", () => {
  const data = Buffer.from("a");

  // "é" is two bytes in UTF-8: the limits are in bytes, whatever the real service's wording says.
  const atTheLimit: [string, OutgoingMessage[]][] = [
    ["an ordering key of 1,024 bytes", [{ data, orderingKey: "é".repeat(512) }]],
    ["an attribute name of 256 bytes", [{ attributes: { ["é".repeat(128)]: "" } }]],
    ["an attribute value of 1,024 bytes", [{ attributes: { name: "é".repeat(512) } }]],
    ["100 attributes", [{ attributes: createAttributes(100) }]],
    ["10,000,000 bytes on the wire", [createMessageFor("projects/test/topics/topic", 10_000_000)]],
  ];

  const overTheLimit: [string, OutgoingMessage[], string][] = [
    ["an ordering key of 1,025 bytes", [{ data, orderingKey: `${"é".repeat(512)}e` }], "1025"],
    ["an attribute name of 257 bytes", [{ attributes: { [`${"é".repeat(128)}e`]: "" } }], "257"],
    ["an attribute value of 1,025 bytes", [{ attributes: { name: `${"é".repeat(512)}e` } }], "1025"],
    ["101 attributes", [{ attributes: createAttributes(101) }], "101"],
    ["10,000,001 bytes on the wire", [createMessageFor("projects/test/topics/topic", 10_000_001)], "10000001"],
    ["20 MB on the wire", [{ data: Buffer.alloc(10_000_000) }, { data: Buffer.alloc(10_000_000) }], "20000"],
  ];

  describe("limits that the official emulator does not enforce, on the embedded server alone", () => {
    let server: EmbeddedPubSub;
    let admin: PubSubAdmin;
    beforeAll(async () => {
      server = await startEmbeddedPubSub();
      admin = connectPubSub(server.endpoint, "test");
      await admin.createTopic("topic");
    });
    afterAll(async () => {
      admin.close();
      await server.close();
    });

    it.each(atTheLimit)("accepts %s", async (_, messages) => {
      await expect(admin.publish("topic", messages)).resolves.toHaveLength(1);
    });

    it.each(overTheLimit)("refuses %s: INVALID_ARGUMENT", async (_, messages, value) => {
      await expect(admin.publish("topic", messages)).rejects.toMatchObject({
        code: status.INVALID_ARGUMENT,
        details: expect.stringContaining(value),
      });
    });

    it.each([
      ["two ordering keys", "b"],
      ["an ordering key and none", ""],
    ])("refuses %s in one request: FAILED_PRECONDITION", async (_, orderingKey) => {
      const messages = [
        { data, orderingKey: "a" },
        { data, orderingKey },
      ];
      await expect(admin.publish("topic", messages)).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
    });
  });

  function createAttributes(count: number): Record<string, string> {
    return Object.fromEntries(Array.from({ length: count }, (_, index) => [`name-${index}`, "value"]));
  }

  /** A message whose publish request to this topic takes so many bytes on the wire. */
  function createMessageFor(topicName: string, requestBytes: number): OutgoingMessage {
    // Tag and length of the topic take 2 bytes; of the message and of its data, both over 2 MiB, 5 bytes each.
    return { data: Buffer.alloc(requestBytes - topicName.length - 2 - 5 - 5) };
  }
});
