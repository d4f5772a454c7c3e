import { status } from "@grpc/grpc-js";
import { expect, it } from "vitest";
import { callUnary } from "../client.ts";
import { publisherMethods, subscriberMethods } from "../protocol.ts";
import { createFixture } from "./fixture.ts";

/** Topics and subscriptions: create, get, list, delete, and what is refused. */
export function testResources(getEndpoint: () => string): void {
  it("gets and lists what was created", async () => {
    const { client, project, topicName, subscriptionName } = await createFixture(getEndpoint());
    const subscription = {
      name: subscriptionName,
      topic: topicName,
      enableMessageOrdering: true,
      ackDeadlineSeconds: 10,
    };
    expect(await callUnary(client, publisherMethods.GetTopic, { topic: topicName })).toMatchObject({ name: topicName });
    expect(await callUnary(client, publisherMethods.ListTopics, { project: `projects/${project}` })).toMatchObject({
      topics: [{ name: topicName }],
    });
    expect(await callUnary(client, publisherMethods.ListTopicSubscriptions, { topic: topicName })).toMatchObject({
      subscriptions: [subscriptionName],
    });
    expect(
      await callUnary(client, subscriberMethods.GetSubscription, { subscription: subscriptionName }),
    ).toMatchObject(subscription);
    expect(
      await callUnary(client, subscriberMethods.ListSubscriptions, { project: `projects/${project}` }),
    ).toMatchObject({ subscriptions: [subscription] });
  });

  it("refuses to create the same twice: ALREADY_EXISTS", async () => {
    const { client, topicName, subscriptionName } = await createFixture(getEndpoint());
    await expect(callUnary(client, publisherMethods.CreateTopic, { name: topicName })).rejects.toMatchObject({
      code: status.ALREADY_EXISTS,
    });
    const request = { name: subscriptionName, topic: topicName };
    await expect(callUnary(client, subscriberMethods.CreateSubscription, request)).rejects.toMatchObject({
      code: status.ALREADY_EXISTS,
    });
  });

  it("does not know what was never created: NOT_FOUND", async () => {
    const { client, topicName, subscriptionName } = await createFixture(getEndpoint());
    const topic = `${topicName}-unknown`;
    const subscription = `${subscriptionName}-unknown`;
    const calls = [
      callUnary(client, publisherMethods.GetTopic, { topic }),
      callUnary(client, publisherMethods.DeleteTopic, { topic }),
      callUnary(client, subscriberMethods.CreateSubscription, { name: subscription, topic }),
      callUnary(client, subscriberMethods.GetSubscription, { subscription }),
      callUnary(client, subscriberMethods.DeleteSubscription, { subscription }),
      callUnary(client, subscriberMethods.Pull, { subscription, maxMessages: 1 }),
      callUnary(client, subscriberMethods.Acknowledge, { subscription, ackIds: ["1"] }),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: status.NOT_FOUND } });
    }
  });

  it.each([
    "topic",
    "projects/p/topics/ab",
    "projects/p/topics/1abc",
    "projects/p/topics/goog-abc",
    "projects/p/topics/a b",
  ])("refuses the topic name %j: INVALID_ARGUMENT", async (name) => {
    const { client } = await createFixture(getEndpoint());
    await expect(callUnary(client, publisherMethods.CreateTopic, { name })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
    });
  });

  it("forgets what was deleted, and leaves the subscriptions of a deleted topic", async () => {
    const { client, admin, topic, topicName, subscription, subscriptionName } = await createFixture(getEndpoint());
    await admin.deleteTopic(topic);
    await expect(callUnary(client, publisherMethods.GetTopic, { topic: topicName })).rejects.toMatchObject({
      code: status.NOT_FOUND,
    });
    const request = { subscription: subscriptionName };
    expect(await callUnary(client, subscriberMethods.GetSubscription, request)).toMatchObject({
      topic: "_deleted-topic_",
    });
    await admin.deleteSubscription(subscription);
    await expect(callUnary(client, subscriberMethods.GetSubscription, request)).rejects.toMatchObject({
      code: status.NOT_FOUND,
    });
  });
}
