import { once } from "node:events";
import { status } from "@grpc/grpc-js";
import { expect, it } from "vitest";
import { callUnary } from "../client.ts";
import { type StreamingPullRequest, subscriberMethods } from "../protocol.ts";
import { createFixture, createMessages, type Fixture } from "./fixture.ts";

type Requests = (subscription: string) => readonly StreamingPullRequest[];

const first = (subscription: string) => ({ subscription, streamAckDeadlineSeconds: 10 });

const refused: readonly [string, Requests][] = [
  ["a deadline of 9", (subscription) => [{ subscription, streamAckDeadlineSeconds: 9 }]],
  ["a deadline of 601", (subscription) => [{ subscription, streamAckDeadlineSeconds: 601 }]],
  ["a deadline of -1", (subscription) => [{ subscription, streamAckDeadlineSeconds: -1 }]],
  ["no subscription", () => [{ streamAckDeadlineSeconds: 10 }]],
  ["a name that is none", () => [{ subscription: "x", streamAckDeadlineSeconds: 10 }]],
  ["its subscription named twice", (subscription) => [first(subscription), { subscription }]],
  ["a later deadline of 5", (subscription) => [first(subscription), { streamAckDeadlineSeconds: 5 }]],
  ["a later deadline of 601", (subscription) => [first(subscription), { streamAckDeadlineSeconds: 601 }]],
  [
    "more ack ids than deadlines",
    (subscription) => [first(subscription), { modifyDeadlineAckIds: ["1"], modifyDeadlineSeconds: [] }],
  ],
  [
    "more deadlines than ack ids",
    (subscription) => [first(subscription), { modifyDeadlineAckIds: [], modifyDeadlineSeconds: [10] }],
  ],
  [
    "uneven arrays in its first message",
    (subscription) => [{ ...first(subscription), modifyDeadlineAckIds: ["1"], modifyDeadlineSeconds: [] }],
  ],
  [
    "a new deadline of -1",
    (subscription) => [first(subscription), { modifyDeadlineAckIds: ["1"], modifyDeadlineSeconds: [-1] }],
  ],
];

/** What a stream may say, and what it is told of its subscription; what unary calls may say of deliveries. */
export function testStreams(getEndpoint: () => string): void {
  it.each(refused)("refuses a stream with %s: INVALID_ARGUMENT", async (_, toRequests) => {
    const fixture = await createFixture(getEndpoint());
    const stream = openStream(fixture);
    // Not `once`, which rejects at the error that comes before.
    const ended = new Promise((resolve) => stream.on("status", resolve));
    for (const request of toRequests(fixture.subscriptionName)) stream.write(request);
    expect(await ended).toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  it.each([true, false])("says whether its subscription is ordered: %s", async (ordered) => {
    const fixture = await createFixture(getEndpoint());
    await fixture.admin.createSubscription("other", fixture.topic, { ordered });
    const stream = openStream(fixture);
    // Before the message is published: it may arrive before that is answered, and again only after ten seconds.
    const answered = once(stream, "data");
    stream.write(first(`projects/${fixture.project}/subscriptions/other`));
    await fixture.admin.publish(fixture.topic, createMessages("key", "1"));
    const [answer] = await answered;
    expect(answer.subscriptionProperties?.messageOrderingEnabled ?? false).toBe(ordered);
    stream.cancel();
  });

  it("refuses acknowledgements and deadlines of nothing, of another subscription, and negative ones", async () => {
    const { client, admin, topic, project, subscriptionName: subscription } = await createFixture(getEndpoint());
    await admin.createSubscription("other", topic);
    const other = `projects/${project}/subscriptions/other`;
    await admin.publish(topic, createMessages("", "1"));
    const { receivedMessages } = await callUnary(client, subscriberMethods.Pull, { subscription, maxMessages: 1 });
    const ackIds = receivedMessages.map(({ ackId }) => ackId);
    const calls = [
      callUnary(client, subscriberMethods.Acknowledge, { subscription, ackIds: [] }),
      callUnary(client, subscriberMethods.ModifyAckDeadline, { subscription, ackIds: [], ackDeadlineSeconds: 10 }),
      callUnary(client, subscriberMethods.ModifyAckDeadline, { subscription, ackIds, ackDeadlineSeconds: -1 }),
      callUnary(client, subscriberMethods.Acknowledge, { subscription: other, ackIds }),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: status.INVALID_ARGUMENT } });
    }
  });

  it("takes an acknowledgement twice, and a deadline of 600", async () => {
    const { client, admin, topic, subscriptionName: subscription } = await createFixture(getEndpoint());
    await admin.publish(topic, createMessages("", "1"));
    const { receivedMessages } = await callUnary(client, subscriberMethods.Pull, { subscription, maxMessages: 1 });
    const ackIds = receivedMessages.map(({ ackId }) => ackId);
    await callUnary(client, subscriberMethods.ModifyAckDeadline, { subscription, ackIds, ackDeadlineSeconds: 600 });
    await callUnary(client, subscriberMethods.Acknowledge, { subscription, ackIds });
    await callUnary(client, subscriberMethods.Acknowledge, { subscription, ackIds });
  });

  it("answers a pull that finds nothing", async () => {
    const { client, subscriptionName: subscription } = await createFixture(getEndpoint());
    const request = { subscription, maxMessages: 1, returnImmediately: true };
    expect(await callUnary(client, subscriberMethods.Pull, request)).toEqual({ receivedMessages: [] });
  });
}

function openStream({ client }: Fixture) {
  const { path, requestSerialize, responseDeserialize } = subscriberMethods.StreamingPull;
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  stream.on("error", () => {});
  stream.resume();
  return stream;
}
