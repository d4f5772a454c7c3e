import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ArrivedMessage } from "../pubsub/open-subscription.ts";
import type { PubSub } from "./cloud-pubsub.ts";

/** Which messages of a topic are looked for, and how long. */
interface Search {
  readonly eventId: string;
  /** What was published before is not looked at. */
  readonly since: Date;
  /** Ids of messages that must be there. */
  readonly expected: readonly string[];
  /** How long is waited after the last message that came, and for one that must be there. */
  readonly patience: { readonly quietMs: number; readonly mostMs: number };
  readonly ending: AbortSignal;
}

/** What a topic has of an event, and its subscriptions; undefined where there is no such topic. */
export interface Found {
  readonly messages: readonly ArrivedMessage[];
  readonly readers: readonly string[] | undefined;
}

const PAUSE_MS = 100;
/** One that is left behind goes by itself. */
const expirationPolicy = { ttl: { seconds: 86_400 } };
/** Subscriptions of `where`, of `verify`, and of the local stack itself. */
const isTemporary = /^(pulsecart-)?(where|verify)-|\.local-[0-9a-f-]{36}$/;

/** Reads what a topic keeps, acknowledged or not, by a subscription of its own: no other subscription notices. */
export async function findMessages(pubsub: PubSub, topic: string, search: Search): Promise<Found> {
  const { eventId, since, expected, patience, ending } = search;
  const readers = (await pubsub.listSubscriptions(topic))?.filter((id) => !isTemporary.test(id));
  if (readers === undefined) return { messages: [], readers };
  const subscription = `pulsecart-where-${randomUUID()}`;
  const found = new Map<string, ArrivedMessage>();
  const isComplete = () => expected.every((id) => found.has(id));
  try {
    const filter = `attributes.event_id = "${eventId}"`;
    await pubsub.createSubscription(subscription, topic, { filter, expirationPolicy });
    await pubsub.seek(subscription, since);
    let latest = Date.now();
    while (Date.now() < latest + (isComplete() ? patience.quietMs : patience.mostMs) && !ending.aborted) {
      // Not acknowledged: all is read before it would come again.
      const received = await pubsub.pull(subscription);
      if (received.length > 0) latest = Date.now();
      else await sleep(PAUSE_MS);
      for (const { message } of received) {
        // The official emulator brings back what no filter would let pass.
        if (message.attributes.event_id === eventId) found.set(message.messageId, message);
      }
    }
  } finally {
    await pubsub.deleteSubscription(subscription).catch(() => {});
  }
  return { messages: [...found.values()], readers };
}
