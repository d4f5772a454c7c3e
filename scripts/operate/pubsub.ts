import type { ArrivedMessage } from "../pubsub/open-subscription.ts";
import { connectCloudPubSub } from "./cloud-pubsub.ts";
import { connectLocalPubSub } from "./local-pubsub.ts";
import type { LogSource } from "./log-entries.ts";

export type OutgoingMessage = Pick<ArrivedMessage, "data" | "attributes" | "orderingKey">;

export interface Received {
  readonly ackId: string;
  readonly message: ArrivedMessage;
}

/** Pub/Sub of one project, as far as `where` and `redrive` need it; topics and subscriptions by their ids. */
export interface PubSub {
  /** @returns undefined where there is no such topic */
  listSubscriptions(topic: string): Promise<readonly string[] | undefined>;
  /** Makes a subscription without order that goes by itself within a day. */
  createSubscription(id: string, topic: string, filter: string): Promise<void>;
  deleteSubscription(id: string): Promise<void>;
  seek(subscription: string, time: Date): Promise<void>;
  /** @returns what is there; none where there is nothing now */
  pull(subscription: string): Promise<readonly Received[]>;
  acknowledge(subscription: string, ackIds: readonly string[]): Promise<void>;
  /** Sets the deadline of these to so many seconds from now; 0 gives them back. */
  modifyDeadline(subscription: string, ackIds: readonly string[], seconds: number): Promise<void>;
  publish(topic: string, message: OutgoingMessage): Promise<void>;
  close(): void;
}

/** @throws GcloudError where gcloud gives no access, UsageError where no local stack answers */
export function connectPubSub(source: LogSource): Promise<PubSub> {
  return source.kind === "local" ? connectLocalPubSub(source.url) : connectCloudPubSub(source.project);
}
