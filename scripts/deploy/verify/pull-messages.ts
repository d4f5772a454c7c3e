import { setTimeout as sleep } from "node:timers/promises";
import type { ArrivedMessage } from "../../pubsub/open-subscription.ts";
import { runGcloud } from "../gcloud/gcloud.ts";

const pauseMs = 100;

interface Received {
  readonly ackId: string;
  readonly message: {
    readonly data?: string;
    readonly attributes?: Record<string, string>;
    readonly orderingKey?: string;
    readonly messageId: string;
    readonly publishTime: string;
  };
}

/** A subscription that is being read. */
export interface PulledSubscription {
  close(): void;
  /** Why the last attempt to read it failed; undefined where it did not. */
  failure(): string | undefined;
}

/**
 * Reads a subscription over Pub/Sub's REST API until closed. Not by gcloud's `pull`, which takes a second or two to start:
 * the time of arrival would be gcloud's.
 *
 * @throws GcloudError where gcloud gives no access token
 */
export async function pullMessages(
  project: string,
  subscription: string,
  onMessage: (message: ArrivedMessage) => void,
): Promise<PulledSubscription> {
  let failure: string | undefined;
  const token = await runGcloud(["auth", "print-access-token", "--quiet"]);
  // Where gcloud itself goes, such as a private endpoint.
  const override = await runGcloud(["config", "get-value", "api_endpoint_overrides/pubsub", "--quiet"]);
  const base = `${override || "https://pubsub.googleapis.com/"}v1/projects/${project}/subscriptions/${subscription}`;
  const ending = new AbortController();
  const post = async (method: string, body: object): Promise<Record<string, unknown>> => {
    const response = await fetch(`${base}:${method}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: ending.signal,
    });
    if (!response.ok) throw new Error(`Pub/Sub answered ${response.status} to ${method}`);
    return (await response.json()) as Record<string, unknown>;
  };
  const pull = async () => {
    while (!ending.signal.aborted) {
      try {
        const { receivedMessages = [] } = (await post("pull", { maxMessages: 100 })) as {
          receivedMessages?: Received[];
        };
        failure = undefined;
        for (const { message } of receivedMessages) onMessage(toArrived(message));
        if (receivedMessages.length > 0)
          await post("acknowledge", { ackIds: receivedMessages.map(({ ackId }) => ackId) });
        else await sleep(pauseMs);
      } catch (error) {
        failure = (error as Error).message;
        await sleep(10 * pauseMs);
      }
    }
  };
  void pull();
  return { close: () => ending.abort(), failure: () => failure };
}

function toArrived({ data = "", attributes = {}, orderingKey = "", messageId, publishTime }: Received["message"]) {
  return {
    data: Buffer.from(data, "base64"),
    attributes,
    orderingKey,
    messageId,
    publishTime: Date.parse(publishTime),
  };
}
