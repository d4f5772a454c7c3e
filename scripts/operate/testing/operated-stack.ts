import { createServer } from "node:http";
import { Client, credentials } from "@grpc/grpc-js";
import { onTestFinished } from "vitest";
import type { Domain } from "../../../shared/events/domain.ts";
import { domains } from "../../../shared/events/registry.ts";
import { listenOnLoopback } from "../../common/free-port.ts";
import { toPubSubNames } from "../../common/pubsub-resources.ts";
import { openTopics } from "../../local/open-topics.ts";
import { callUnary, connectPubSub } from "../../pubsub/client.ts";
import { type ArrivedMessage, toArrivedMessage } from "../../pubsub/open-subscription.ts";
import { subscriberMethods } from "../../pubsub/protocol.ts";
import type { LogEntry } from "../log-entries.ts";

const names = toPubSubNames(domains.commerce.topic);

/**
 * What `--local` is to the commands: a Pub/Sub server's project with all that the local stack makes in it, and a front that tells
 * where that is and what the functions wrote.
 *
 * @param kind of the server
 */
export async function openStack(endpoint: string, project: string, kind: "embedded" | "emulator" = "embedded") {
  const logs: LogEntry[] = [];
  const published: ArrivedMessage[] = [];
  const all: readonly Domain[] = Object.values(domains);
  const close = await openTopics({ endpoint, kind }, project, all, (_, message) => published.push(message));
  const admin = connectPubSub(endpoint, project);
  const client = new Client(endpoint, credentials.createInsecure());
  const front = createServer(({ url }, response) =>
    response.end(JSON.stringify(url === "/console/logs" ? logs : { pubsub: endpoint, project })),
  );
  const url = `http://127.0.0.1:${await listenOnLoopback(front)}`;
  onTestFinished(async () => {
    front.closeAllConnections();
    front.close();
    await close();
    admin.close();
    client.close();
  });
  return {
    ...names,
    project,
    url,
    logs,
    admin,
    /** What has arrived on the topics. */
    published,
    /** A line of commerce's log, so many seconds ago. */
    log(secondsAgo: number, line: Readonly<Record<string, unknown>>): void {
      const timestamp = new Date(Date.now() - secondsAgo * 1000).toISOString();
      const resource = { labels: { service_name: "commerce", revision_name: "commerce-00001-abc" } };
      logs.push({ timestamp, severity: "INFO", resource, jsonPayload: { latency_ms: 5, ...line } });
    },
    /** Takes all that a subscription has, and acknowledges it or gives it back. */
    async pull(id: string, isGivenBack = false): Promise<ArrivedMessage[]> {
      const subscription = `projects/${project}/subscriptions/${id}`;
      const request = { subscription, maxMessages: 1000, returnImmediately: true };
      const { receivedMessages } = await callUnary(client, subscriberMethods.Pull, request);
      const ackIds = receivedMessages.map(({ ackId }) => ackId);
      if (ackIds.length === 0) return [];
      if (isGivenBack) {
        await callUnary(client, subscriberMethods.ModifyAckDeadline, { subscription, ackIds, ackDeadlineSeconds: 0 });
      } else await callUnary(client, subscriberMethods.Acknowledge, { subscription, ackIds });
      return receivedMessages.map(({ message }) => toArrivedMessage(message));
    },
    async listSubscriptions(): Promise<string[]> {
      const request = { project: `projects/${project}` };
      const { subscriptions } = await callUnary(client, subscriberMethods.ListSubscriptions, request);
      return subscriptions.map(({ name }) => name.replace(/^.*\//, ""));
    },
  };
}
