import { EventEmitter, once } from "node:events";
import { type Client, type ServiceError, status } from "@grpc/grpc-js";
import { expect, it, onTestFinished } from "vitest";
import { callUnary } from "../client.ts";
import { collectTopic } from "../collect-topic.ts";
import {
  type ReceivedMessage,
  type ReceivedMessages,
  type StreamingPullRequest,
  subscriberMethods,
} from "../protocol.ts";
import { createFixture, createMessages } from "./fixture.ts";

/** A streaming pull that acknowledges nothing by itself. */
interface RawStream {
  /** The data of everything received, as text. */
  readonly texts: string[];
  /** Waits until so many messages have come since the stream was opened. */
  waitFor(count: number): Promise<void>;
  /** Acknowledges the latest delivery of the message with this text. */
  acknowledge(text: string): void;
  /** Sets the deadline of the latest delivery of the message with this text; 0 gives it back. */
  modifyDeadline(text: string, seconds: number): void;
  /** Resolves with the error that ends the stream. */
  readonly failure: Promise<ServiceError>;
}

/** Opens a stream that ends with the test. */
export function openRawStream(client: Client, request: StreamingPullRequest): RawStream {
  const { path, requestSerialize, responseDeserialize } = subscriberMethods.StreamingPull;
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  onTestFinished(() => stream.cancel());
  const received: ReceivedMessage[] = [];
  const texts: string[] = [];
  const arrivals = new EventEmitter();
  stream.on("data", ({ receivedMessages }: ReceivedMessages) => {
    received.push(...receivedMessages);
    texts.push(...receivedMessages.map(({ message }) => message.data.toString()));
    arrivals.emit("arrival");
  });
  const failure = new Promise<ServiceError>((resolve) => stream.on("error", resolve));
  stream.write({ streamAckDeadlineSeconds: 10, ...request });

  const findAckId = (text: string) => received.findLast(({ message }) => message.data.toString() === text)?.ackId ?? "";
  return {
    texts,
    failure,
    async waitFor(count) {
      while (texts.length < count) await once(arrivals, "arrival");
    },
    acknowledge: (text) => stream.write({ ackIds: [findAckId(text)] }),
    modifyDeadline: (text, seconds) =>
      stream.write({ modifyDeadlineAckIds: [findAckId(text)], modifyDeadlineSeconds: [seconds] }),
  };
}

/** What subscribers get, in which order, and when again. */
export function testDelivery(getEndpoint: () => string): void {
  it("delivers data, attributes and ordering key as they were published", async () => {
    const { endpoint, project, topic, admin } = await createFixture(getEndpoint());
    const collector = await collectTopic(endpoint, project, topic);
    const before = Date.now();
    const data = Buffer.from([0, 0xff, 0x80, ...Buffer.from("ä\u2028😀")]);
    const attributes = { größe: "1\n2", empty: "", constructor: "c" };
    const [messageId] = await admin.publish(topic, [{ data, attributes, orderingKey: "schlüssel 😀" }]);
    await admin.publish(topic, [{ attributes: { alone: "yes" } }]);
    const [first, second] = await collector.waitFor(2);
    await collector.close();
    expect(first).toMatchObject({ data, attributes, orderingKey: "schlüssel 😀", messageId });
    expect(first?.publishTime).toBeGreaterThan(before - 5_000);
    expect(first?.publishTime).toBeLessThan(Date.now() + 5_000);
    expect(second).toMatchObject({ data: Buffer.alloc(0), attributes: { alone: "yes" }, orderingKey: "" });
  });

  it("delivers the messages of each key in the order in which they were published", async () => {
    const { endpoint, project, topic, admin } = await createFixture(getEndpoint());
    const collector = await collectTopic(endpoint, project, topic);
    const keys = ["a", "b", "c"];
    const numbers = Array.from({ length: 60 }, (_, index) => String(index));
    for (const number of numbers) {
      await Promise.all(keys.map((key) => admin.publish(topic, createMessages(key, number))));
    }
    const messages = await collector.waitFor(keys.length * numbers.length);
    await collector.close();
    for (const key of keys) {
      const ofKey = messages.filter(({ orderingKey }) => orderingKey === key).map(({ data }) => data.toString());
      expect(ofKey).toEqual(numbers);
    }
  });

  it("delivers to every subscription, and only what is published after it was created", async () => {
    const { client, topic, admin, project, subscriptionName } = await createFixture(getEndpoint());
    await admin.publish(topic, createMessages("", "early"));
    await admin.createSubscription("late", topic);
    await admin.publish(topic, createMessages("", "late"));
    const both = openRawStream(client, { subscription: subscriptionName });
    const late = openRawStream(client, { subscription: `projects/${project}/subscriptions/late` });
    await Promise.all([both.waitFor(2), late.waitFor(1)]);
    expect(both.texts).toEqual(["early", "late"]);
    expect(late.texts).toEqual(["late"]);
  });

  it("answers a pull with at most as many messages as asked for, and not with acknowledged ones", async () => {
    const { client, admin, topic, subscriptionName: subscription } = await createFixture(getEndpoint());
    await admin.publish(topic, createMessages("", "1", "2", "3"));
    const first = await callUnary(client, subscriberMethods.Pull, { subscription, maxMessages: 2 });
    expect(first.receivedMessages.map(({ message }) => message.data.toString())).toEqual(["1", "2"]);
    const ackIds = first.receivedMessages.map(({ ackId }) => ackId);
    await callUnary(client, subscriberMethods.Acknowledge, { subscription, ackIds });
    const second = await callUnary(client, subscriberMethods.Pull, { subscription, maxMessages: 2 });
    expect(second.receivedMessages.map(({ message }) => message.data.toString())).toEqual(["3"]);
  });

  it("delivers again what is given back, and later messages of its key only after it", async () => {
    const { client, admin, topic, subscriptionName: subscription } = await createFixture(getEndpoint());
    const stream = openRawStream(client, { subscription });
    await admin.publish(topic, createMessages("key", "1"));
    await stream.waitFor(1);
    stream.modifyDeadline("1", 0);
    await stream.waitFor(2);
    await admin.publish(topic, createMessages("key", "2"));
    await stream.waitFor(3);
    expect(stream.texts).toEqual(["1", "1", "2"]);
  });

  it("delivers again, in order, all messages of a key that were not acknowledged in time", async () => {
    const { client, admin, topic, subscriptionName: subscription } = await createFixture(getEndpoint());
    const stream = openRawStream(client, { subscription });
    await admin.publish(topic, createMessages("key", "1", "2", "3"));
    await stream.waitFor(3);
    for (const text of ["1", "2", "3"]) stream.modifyDeadline(text, 1);
    await stream.waitFor(6);
    expect(stream.texts).toEqual(["1", "2", "3", "1", "2", "3"]);
  });

  it("delivers again what was not acknowledged in time, with the later messages of its key, in order", async () => {
    const { client, admin, topic, subscriptionName: subscription } = await createFixture(getEndpoint());
    const stream = openRawStream(client, { subscription });
    await admin.publish(topic, createMessages("key", "1", "2"));
    await stream.waitFor(2);
    stream.modifyDeadline("1", 1);
    await stream.waitFor(4);
    expect(stream.texts).toEqual(["1", "2", "1", "2"]);
  });

  it("does not deliver again what was acknowledged", async () => {
    const { client, admin, topic, subscriptionName: subscription } = await createFixture(getEndpoint());
    const stream = openRawStream(client, { subscription, streamAckDeadlineSeconds: 10 });
    await admin.publish(topic, createMessages("key", "1", "2"));
    await stream.waitFor(2);
    stream.acknowledge("1");
    stream.modifyDeadline("2", 1);
    await stream.waitFor(3);
    expect(stream.texts).toEqual(["1", "2", "2"]);
  });

  it("ends the streams of a deleted subscription with NOT_FOUND", async () => {
    const { client, admin, subscription, subscriptionName } = await createFixture(getEndpoint());
    const stream = openRawStream(client, { subscription: subscriptionName });
    await admin.deleteSubscription(subscription);
    expect(await stream.failure).toMatchObject({ code: status.NOT_FOUND });
  });

  it("refuses a stream to an unknown subscription, and one without deadline", async () => {
    const { client, subscriptionName } = await createFixture(getEndpoint());
    const unknown = openRawStream(client, { subscription: `${subscriptionName}-unknown` });
    const without = openRawStream(client, { subscription: subscriptionName, streamAckDeadlineSeconds: 0 });
    expect(await unknown.failure).toMatchObject({ code: status.NOT_FOUND });
    expect(await without.failure).toMatchObject({ code: status.INVALID_ARGUMENT });
  });
}
