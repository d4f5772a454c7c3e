import { setTimeout as sleep } from "node:timers/promises";
import type { ArrivedMessage } from "../../pubsub/open-subscription.ts";
import { connectRest, type SentMessage, toArrived } from "../gcloud/pubsub-rest.ts";

const pauseMs = 100;

interface Received {
  readonly ackId: string;
  readonly message: SentMessage;
}

/** A subscription that is being read. */
export interface PulledSubscription {
  close(): void;
  /** Why the last attempt to read it failed; undefined where it did not. */
  failure(): string | undefined;
}

/**
 * Reads a subscription over Pub/Sub's REST API until closed.
 *
 * @throws GcloudError where gcloud gives no access token
 */
export async function pullMessages(
  project: string,
  subscription: string,
  onMessage: (message: ArrivedMessage) => void,
): Promise<PulledSubscription> {
  let failure: string | undefined;
  const ending = new AbortController();
  const call = await connectRest(project, ending.signal);
  const post = (method: string, body: object) => call("POST", `subscriptions/${subscription}:${method}`, body);
  const pull = async () => {
    while (!ending.signal.aborted) {
      try {
        const answer = await post("pull", { maxMessages: 100 });
        const { receivedMessages = [] } = answer as { receivedMessages?: Received[] };
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
