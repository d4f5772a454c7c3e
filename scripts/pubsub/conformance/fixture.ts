import { randomUUID } from "node:crypto";
import { Client, credentials } from "@grpc/grpc-js";
import { onTestFinished } from "vitest";
import { connectPubSub, type PubSubAdmin } from "../client.ts";
import { unlimitedMessages } from "../protocol.ts";

/** What one conformance test works with: names of its own on a server that all tests share. */
export interface Fixture {
  endpoint: string;
  project: string;
  /** Ids of a topic and of an ordered subscription to it, both created. */
  topic: string;
  subscription: string;
  topicName: string;
  subscriptionName: string;
  admin: PubSubAdmin;
  client: Client;
}

/** Connects to the server and creates one topic with one ordered subscription, until the test is over. */
export async function createFixture(endpoint: string): Promise<Fixture> {
  const project = `test-${randomUUID()}`;
  const topic = "topic";
  const subscription = "subscription";
  const admin = connectPubSub(endpoint, project);
  const client = new Client(endpoint, credentials.createInsecure(), unlimitedMessages);
  onTestFinished(() => {
    admin.close();
    client.close();
  });
  await admin.createTopic(topic);
  await admin.createSubscription(subscription, topic, { ordered: true });
  return {
    endpoint,
    project,
    topic,
    subscription,
    topicName: `projects/${project}/topics/${topic}`,
    subscriptionName: `projects/${project}/subscriptions/${subscription}`,
    admin,
    client,
  };
}

/** Messages of one ordering key with these texts as data. */
export function createMessages(orderingKey: string, ...texts: string[]) {
  return texts.map((text) => ({ data: Buffer.from(text), orderingKey }));
}
