import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { PubSub } from "../deploy/gcloud/cloud-pubsub.ts";
import type { ArrivedMessage } from "../pubsub/open-subscription.ts";

/** A message that a topic keeps. */
export type StoredMessage = ArrivedMessage & { readonly topic: string };

/** Which messages of a topic are looked for, and how long. */
interface Search {
  readonly eventId: string;
  /** What was published before is not looked at. */
  readonly since: Date;
  /** Nothing more comes when nothing has come for so long; three times that is waited for what must be there. */
  readonly quietMs: number;
  readonly ending: AbortSignal;
}

const PAUSE_MS = 100;
/** Subscriptions of `where`, of `verify`, and of the local stack itself. */
const isTemporary = /^(pulsecart-)?(where|verify)-|\.local-[0-9a-f-]{36}$/;

/**
 * Reads what a topic keeps of an event, acknowledged or not, by a subscription of its own: no other subscription notices.
 *
 * @param expected ids of messages that must be there
 * @returns `readers`, its other subscriptions; undefined where there is no such topic
 */
export async function findMessages(
  pubsub: PubSub,
  topic: string,
  { eventId, since, quietMs, ending }: Search,
  expected: readonly string[] = [],
) {
  const found = new Map<string, StoredMessage>();
  const readers = (await pubsub.listSubscriptions(topic))?.filter((id) => !isTemporary.test(id));
  if (readers === undefined) return { readers, messages: [] };
  const subscription = `pulsecart-where-${randomUUID()}`;
  const isComplete = () => expected.every((id) => found.has(id));
  try {
    await pubsub.createSubscription(subscription, topic, { filter: `attributes.event_id = "${eventId}"` });
    await pubsub.seek(subscription, since);
    for (let latest = Date.now(); Date.now() < latest + (isComplete() ? quietMs : 3 * quietMs) && !ending.aborted; ) {
      // Not acknowledged: all is read before it would come again.
      const received = await pubsub.pull(subscription);
      if (received.length > 0) latest = Date.now();
      else await sleep(PAUSE_MS);
      for (const { message } of received) {
        // The official emulator brings back what no filter would let pass.
        if (message.attributes.event_id === eventId) found.set(message.messageId, { ...message, topic });
      }
    }
  } finally {
    await pubsub.deleteSubscription(subscription).catch(() => {});
  }
  return { readers, messages: [...found.values()] };
}
