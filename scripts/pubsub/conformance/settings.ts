import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { callUnary } from "../client.ts";
import { type Page, publisherMethods, type Subscription, subscriberMethods, type Topic } from "../protocol.ts";
import { createFixture } from "./fixture.ts";

const { INVALID_ARGUMENT } = status;
const DAY = 86_400;

const topics: readonly [string, Partial<Topic>, Partial<Topic> | status][] = [
  ["labels", { labels: { team: "shop" } }, { labels: { team: "shop" } }],
  [
    "retention",
    { messageRetentionDuration: { seconds: DAY } },
    { messageRetentionDuration: { seconds: DAY, nanos: 0 } },
  ],
  ["a retention below 10 minutes", { messageRetentionDuration: { seconds: 599 } }, INVALID_ARGUMENT],
  ["a retention above 31 days", { messageRetentionDuration: { seconds: 32 * DAY } }, INVALID_ARGUMENT],
];

const week = { seconds: 7 * DAY, nanos: 0 };
const subscriptions: readonly [string, Partial<Subscription>, Partial<Subscription> | status][] = [
  ["no settings", {}, { ackDeadlineSeconds: 10, messageRetentionDuration: week }],
  ["labels", { labels: { team: "shop" } }, { labels: { team: "shop" } }],
  ["an empty push configuration", { pushConfig: {} }, {}],
  ["a push configuration of attributes", { pushConfig: { attributes: { "x-goog-version": "v1" } } }, {}],
  [
    "retention",
    { messageRetentionDuration: { seconds: 3600 } },
    { messageRetentionDuration: { seconds: 3600, nanos: 0 } },
  ],
  ["a retention below 10 minutes", { messageRetentionDuration: { seconds: 599 } }, INVALID_ARGUMENT],
  ["a retention above 31 days", { messageRetentionDuration: { seconds: 32 * DAY } }, INVALID_ARGUMENT],
  [
    "expiration",
    { expirationPolicy: { ttl: { seconds: DAY } } },
    { expirationPolicy: { ttl: { seconds: DAY, nanos: 0 } } },
  ],
  ["no expiration", { expirationPolicy: {} }, { expirationPolicy: {} }],
  ["a deadline of 600", { ackDeadlineSeconds: 600 }, { ackDeadlineSeconds: 600 }],
  ["a deadline of 601", { ackDeadlineSeconds: 601 }, INVALID_ARGUMENT],
  ["a deadline of -1", { ackDeadlineSeconds: -1 }, INVALID_ARGUMENT],
  [
    "a retry policy",
    { retryPolicy: { minimumBackoff: { seconds: 1 }, maximumBackoff: { seconds: 60 } } },
    { retryPolicy: { minimumBackoff: { seconds: 1, nanos: 0 }, maximumBackoff: { seconds: 60, nanos: 0 } } },
  ],
  [
    "a retry policy of defaults",
    { retryPolicy: {} },
    { retryPolicy: { minimumBackoff: { seconds: 10, nanos: 0 }, maximumBackoff: { seconds: 600, nanos: 0 } } },
  ],
  ["a backoff above 10 minutes", { retryPolicy: { maximumBackoff: { seconds: 601 } } }, INVALID_ARGUMENT],
  [
    "a backoff that shrinks",
    { retryPolicy: { minimumBackoff: { seconds: 50 }, maximumBackoff: { seconds: 20 } } },
    INVALID_ARGUMENT,
  ],
  ["a filter", { filter: "NOT attributes:verification" }, { filter: "NOT attributes:verification" }],
];

/** What topics and subscriptions are created with: shown as it was given, or refused. */
export function testSettings(getEndpoint: () => string): void {
  it.each(topics)("a topic with %s", async (_, settings, expected) => {
    const { client, topicName } = await createFixture(getEndpoint());
    const name = `${topicName}-2`;
    await expectAnswer(callUnary(client, publisherMethods.CreateTopic, { name, ...settings }), expected);
    if (typeof expected === "number") return;
    await expectAnswer(callUnary(client, publisherMethods.GetTopic, { topic: name }), expected);
  });

  it("a topic with a schema that nobody made", async () => {
    const { client, project, topicName } = await createFixture(getEndpoint());
    const schemaSettings = { schema: `projects/${project}/schemas/none`, encoding: "JSON" };
    await expectAnswer(
      callUnary(client, publisherMethods.CreateTopic, { name: `${topicName}-2`, schemaSettings }),
      status.NOT_FOUND,
    );
  });

  it.each(subscriptions)("a subscription with %s", async (_, settings, expected) => {
    const { client, topicName, subscriptionName } = await createFixture(getEndpoint());
    const request = { name: `${subscriptionName}-2`, topic: topicName, ...settings };
    await expectAnswer(callUnary(client, subscriberMethods.CreateSubscription, request), expected);
    if (typeof expected === "number") return;
    const shown = callUnary(client, subscriberMethods.GetSubscription, { subscription: request.name });
    await expectAnswer(shown, expected);
  });

  describe("lists in pages", () => {
    it("of topics, of subscriptions, and of a topic's subscriptions", async () => {
      const { client, project: id, admin, topic, topicName } = await createFixture(getEndpoint());
      for (const name of ["ccc", "aaa", "bbb"]) {
        await admin.createTopic(name);
        await admin.createSubscription(name, topic);
      }
      const project = `projects/${id}`;
      const lists: ((page: Page) => Promise<[string[], string | undefined]>)[] = [
        async (page) => {
          const answer = await callUnary(client, publisherMethods.ListTopics, { project, ...page });
          return [answer.topics.map(({ name }) => name), answer.nextPageToken];
        },
        async (page) => {
          const answer = await callUnary(client, subscriberMethods.ListSubscriptions, { project, ...page });
          return [answer.subscriptions.map(({ name }) => name), answer.nextPageToken];
        },
        async (page) => {
          const request = { topic: topicName, ...page };
          const answer = await callUnary(client, publisherMethods.ListTopicSubscriptions, request);
          return [answer.subscriptions, answer.nextPageToken];
        },
      ];
      for (const list of lists) {
        const [all] = await list({});
        const [first, pageToken = ""] = await list({ pageSize: 3 });
        const [second, end] = await list({ pageSize: 3, pageToken });
        expect([all.length, first.length, second.length, Boolean(pageToken), Boolean(end)]).toEqual([
          ...[4, 3, 1],
          ...[true, false],
        ]);
        expect(new Set([...first, ...second])).toEqual(new Set(all));
        expect((await list({ pageSize: -1 }))[0]).toEqual(all);
      }
    });
  });
}

async function expectAnswer(answer: Promise<object>, expected: object | status): Promise<void> {
  if (typeof expected === "number") await expect(answer).rejects.toMatchObject({ code: expected });
  else expect(await answer).toMatchObject(expected);
}
