import { setTimeout as sleep } from "node:timers/promises";
import type { ArrivedMessage } from "../pubsub/open-subscription.ts";
import type { DeadLetters } from "./dead-letters.ts";
import type { PubSub } from "./pubsub.ts";

/** So often a message is brought back; what fails again after that needs somebody to look at it. */
export const MOST_TIMES = 3;
const AT_ONCE = 16;
const GOOGLES = "CloudPubSubDeadLetter";

/** How often a message has been brought back. */
export function countRedriven({ attributes }: ArrivedMessage): number {
  return Number(/^\d{1,3}$/.exec(attributes.redriven ?? "")?.[0] ?? 0);
}

/** When a dead letter was published on its own topic, in milliseconds since the epoch. */
export function toOriginalTime({ attributes, publishTime }: ArrivedMessage): number {
  return Date.parse(attributes.CloudPubSubDeadLetterSourceTopicPublishTime ?? "") || publishTime;
}

/** What keeps its order together: the messages of one key, and each that has none by itself. */
export function toGroup({ orderingKey, messageId }: ArrivedMessage): string {
  return orderingKey === "" ? `message ${messageId}` : `key ${orderingKey}`;
}

/** Where to, and how fast. */
export interface Way {
  readonly pubsub: PubSub;
  readonly letters: DeadLetters;
  readonly topic: string;
  readonly deadLetter: string;
  /** Waits until one more message may go. */
  readonly pace: () => Promise<void>;
  readonly isEnding: () => boolean;
}

/** What stopped a key. */
export interface Failure {
  readonly message: ArrivedMessage;
  readonly error: Error;
}

/**
 * Publishes dead letters on their topic again, each key's one after the other in their original order, and acknowledges each
 * once it is published. What fails stops its own key alone.
 *
 * @param all in order of arrival, those that stay among them
 * @param wanted those that go back, in the order in which they go
 * @returns how many went, and what stopped a key
 */
export async function bringBack(
  way: Way,
  all: readonly ArrivedMessage[],
  wanted: ReadonlySet<ArrivedMessage>,
): Promise<{ readonly done: number; readonly failures: readonly Failure[] }> {
  const arrived = Map.groupBy(all, toGroup);
  const groups = Map.groupBy(wanted, toGroup).entries();
  const failures: Failure[] = [];
  let done = 0;
  const work = async () => {
    // One iterator for all: each takes the next key.
    for (const [group, messages] of groups) {
      const send = createSender(way, arrived.get(group) ?? [], wanted);
      for (const message of messages) {
        if (way.isEnding()) return;
        try {
          await way.pace();
          await send(message);
          done += 1;
        } catch (error) {
          failures.push({ message, error: error as Error });
          break;
        }
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { done, failures };
}

/**
 * Sends one key's dead letters. They are acknowledged from the front only: when Pub/Sub delivers a message again, it delivers all
 * later ones of the key again, acknowledged or not.
 */
function createSender(way: Way, arrived: readonly ArrivedMessage[], wanted: ReadonlySet<ArrivedMessage>) {
  const waiting = [...arrived];
  const sent = new Set<ArrivedMessage>();
  const publish = (topic: string, { data, attributes, orderingKey }: ArrivedMessage) =>
    way.pubsub.publish(topic, [{ data, attributes, orderingKey }]);
  return async (message: ArrivedMessage): Promise<void> => {
    const own = Object.entries(message.attributes).filter(([name]) => !name.startsWith(GOOGLES));
    const attributes = { ...Object.fromEntries(own), redriven: String(countRedriven(message) + 1) };
    await publish(way.topic, { ...message, attributes });
    sent.add(message);
    for (let [first] = waiting; first !== undefined && sent.size > 0; [first] = waiting) {
      if (wanted.has(first) && !sent.has(first)) return;
      // What stays moves behind what goes, as a dead letter still.
      if (!wanted.has(first)) await publish(way.deadLetter, first);
      await way.letters.drop(first.messageId);
      sent.delete(first);
      waiting.shift();
    }
  };
}

/** @returns a function that waits so that no more than this many calls a second go on */
export function createPace(perSecond: number): () => Promise<void> {
  let next = 0;
  return async () => {
    const now = Date.now();
    const wait = Math.max(0, next - now);
    next = now + wait + 1000 / perSecond;
    if (wait > 0) await sleep(wait);
  };
}
