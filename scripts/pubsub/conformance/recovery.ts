import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { expect, it } from "vitest";
import { callUnary } from "../client.ts";
import {
  publisherMethods,
  type ReceivedMessage,
  type Subscription,
  subscriberMethods,
  type Topic,
} from "../protocol.ts";
import { createFixture, createMessages, type Fixture } from "./fixture.ts";

const DAY = 86_400;

/** What comes again after it was acknowledged, and what is moved aside. Without order: the emulator does neither with it. */
export function testRecovery(getEndpoint: () => string): void {
  it("brings back, of a subscription that retains them, its acknowledged messages from a time on", async () => {
    const fixture = await createSubscription(getEndpoint(), { subscription: { retainAckedMessages: true } });
    const beginning = now();
    await fixture.admin.publish(fixture.topic, createMessages("", "1"));
    await sleep(20);
    const between = now();
    await fixture.admin.publish(fixture.topic, createMessages("", "2"));
    expect(await fixture.read()).toEqual(["1", "2"]);
    await fixture.seek(between);
    expect(await fixture.read()).toEqual(["2"]);
    await fixture.seek(beginning);
    expect(await fixture.read()).toEqual(["1", "2"]);
  });

  it("does not bring back what nobody retains, and drops what was published before the time", async () => {
    const fixture = await createSubscription(getEndpoint(), {});
    const beginning = now();
    await fixture.admin.publish(fixture.topic, createMessages("", "1"));
    expect(await fixture.read()).toEqual(["1"]);
    await fixture.seek(beginning);
    await fixture.admin.publish(fixture.topic, createMessages("", "2"));
    await sleep(20);
    await fixture.seek(now());
    await fixture.admin.publish(fixture.topic, createMessages("", "3"));
    expect(await fixture.read()).toEqual(["3"]);
  });

  it("brings back what a topic retains, also what was published before the subscription was made", async () => {
    const retention = { messageRetentionDuration: { seconds: DAY } };
    const beginning = now();
    const fixture = await createSubscription(getEndpoint(), { topic: retention, before: createMessages("", "early") });
    await fixture.seek(beginning);
    expect(await fixture.read()).toEqual(["early"]);
    await fixture.seek({ seconds: now().seconds + 3600, nanos: 0 });
    expect(await fixture.pull()).toEqual([]);
  });

  it("refuses to seek nowhere, to a snapshot that nobody made, and with an unknown subscription", async () => {
    const { client, project, subscriptionName: subscription } = await createFixture(getEndpoint());
    const seek = (request: object) => callUnary(client, subscriberMethods.Seek, { subscription, ...request });
    const snapshot = `projects/${project}/snapshots/none`;
    await expect(seek({})).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    await expect(seek({ snapshot })).rejects.toMatchObject({ code: status.NOT_FOUND });
    await expect(seek({ subscription: `${subscription}-none`, time: now() })).rejects.toMatchObject({
      code: status.NOT_FOUND,
    });
  });

  it("moves aside, with its origin, what was given back as often as the policy allows", async () => {
    const fixture = await createSubscription(getEndpoint(), { withDeadLetters: true });
    const data = Buffer.from('{"n":9007199254740993, "price": 89.90}');
    const [messageId] = await fixture.admin.publish(fixture.topic, [
      { data, orderingKey: "schlüssel", attributes: { event_id: "e" } },
    ]);
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      const [received] = await fixture.pull();
      expect(received).toMatchObject({ deliveryAttempt: attempt, message: { messageId } });
      const ackIds = [received?.ackId ?? ""];
      const request = { subscription: fixture.name, ackIds, ackDeadlineSeconds: 0 };
      await callUnary(fixture.client, subscriberMethods.ModifyAckDeadline, request);
    }
    // The emulator moves it when it is asked for more.
    expect(await fixture.pull()).toEqual([]);
    const subscription = `projects/${fixture.project}/subscriptions/kept`;
    const [kept] = await fixture.pull(subscription);
    expect(kept?.message).toMatchObject({
      data,
      orderingKey: "schlüssel",
      attributes: {
        event_id: "e",
        CloudPubSubDeadLetterSourceDeliveryCount: "5",
        CloudPubSubDeadLetterSourceSubscription: "subscription-2",
        CloudPubSubDeadLetterSourceSubscriptionProject: fixture.project,
        CloudPubSubDeadLetterSourceTopicPublishTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      },
    });
    expect(kept?.deliveryAttempt).toBe(0);
  });

  it.each([
    [0, { deadLetterPolicy: { maxDeliveryAttempts: 5 } }],
    [100, { deadLetterPolicy: { maxDeliveryAttempts: 100 } }],
    [4, status.OUT_OF_RANGE],
    [101, status.OUT_OF_RANGE],
  ])("takes a dead-letter policy of %i attempts, or does not", async (maxDeliveryAttempts, expected) => {
    const { client, topicName: topic, subscriptionName } = await createFixture(getEndpoint());
    const name = `${subscriptionName}-2`;
    const deadLetterPolicy = { deadLetterTopic: topic, maxDeliveryAttempts };
    const created = callUnary(client, subscriberMethods.CreateSubscription, { name, topic, deadLetterPolicy });
    if (typeof expected === "number") await expect(created).rejects.toMatchObject({ code: expected });
    else expect(await created).toMatchObject(expected);
  });

  it("refuses a dead-letter topic that is not there: NOT_FOUND", async () => {
    const { client, topicName: topic, subscriptionName } = await createFixture(getEndpoint());
    const request = { name: `${subscriptionName}-2`, topic, deadLetterPolicy: { deadLetterTopic: `${topic}-none` } };
    await expect(callUnary(client, subscriberMethods.CreateSubscription, request)).rejects.toMatchObject({
      code: status.NOT_FOUND,
    });
  });
}

interface Settings {
  readonly topic?: Partial<Topic>;
  readonly subscription?: Partial<Subscription>;
  readonly withDeadLetters?: boolean;
  /** Published before the subscription is made. */
  readonly before?: ReturnType<typeof createMessages>;
}

/** A second topic with a subscription of these settings, and how to read it. */
async function createSubscription(
  endpoint: string,
  { topic: topicSettings, subscription, withDeadLetters = false, before = [] }: Settings,
) {
  const fixture: Fixture = await createFixture(endpoint);
  const { client, admin, topicName, subscriptionName } = fixture;
  const [topic, name] = ["topic-2", `${subscriptionName}-2`];
  await callUnary(client, publisherMethods.CreateTopic, { name: `${topicName}-2`, ...topicSettings });
  if (before.length > 0) await admin.publish(topic, before);
  if (withDeadLetters) {
    await admin.createTopic("dead");
    await admin.createSubscription("kept", "dead");
  }
  const deadLetterTopic = `projects/${fixture.project}/topics/dead`;
  await callUnary(client, subscriberMethods.CreateSubscription, {
    name,
    topic: `${topicName}-2`,
    ...subscription,
    ...(withDeadLetters && { deadLetterPolicy: { deadLetterTopic } }),
  });
  /** What comes within a moment. */
  async function pull(subscription = name): Promise<ReceivedMessage[]> {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const request = { subscription, maxMessages: 10, returnImmediately: true };
      const { receivedMessages } = await callUnary(client, subscriberMethods.Pull, request);
      if (receivedMessages.length > 0) return receivedMessages;
      await sleep(30);
    }
    return [];
  }
  return {
    ...fixture,
    topic,
    name,
    pull,
    seek: (time: { seconds: number; nanos: number }) =>
      callUnary(client, subscriberMethods.Seek, { subscription: name, time }),
    /** Reads and acknowledges all that is there. */
    async read(): Promise<string[]> {
      const received = await pull();
      const ackIds = received.map(({ ackId }) => ackId);
      await callUnary(client, subscriberMethods.Acknowledge, { subscription: name, ackIds });
      return received.map(({ message }) => message.data.toString()).sort();
    },
  };
}

function now() {
  const milliseconds = Date.now();
  return { seconds: Math.floor(milliseconds / 1000), nanos: (milliseconds % 1000) * 1_000_000 };
}
