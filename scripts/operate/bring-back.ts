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

export interface Failure {
  readonly message: ArrivedMessage;
  readonly error: Error;
}

/**
 * Publishes dead letters on their topic again, each key's one after the other in their original order, and acknowledges each
 * once it is published. What fails stops its own key alone.
 *
 * @param all in order of arrival, those that stay among them
 * @param wanted those that go back
 * @returns how many went, and what stopped a key
 */
export async function bringBack(
  way: Way,
  all: readonly ArrivedMessage[],
  wanted: ReadonlySet<ArrivedMessage>,
): Promise<{ readonly done: number; readonly failures: readonly Failure[] }> {
  const toKey = ({ orderingKey, messageId }: ArrivedMessage) =>
    orderingKey === "" ? `no key ${messageId}` : `key ${orderingKey}`;
  const keys = [...Map.groupBy(all, toKey).values()].filter((own) => own.some((message) => wanted.has(message)));
  const failures: Failure[] = [];
  let done = 0;
  const work = async () => {
    for (let own = keys.shift(); own !== undefined; own = keys.shift()) {
      const goBack = new KeyQueue(way, own, wanted);
      const inOrder = own
        .filter((message) => wanted.has(message))
        .sort((a, b) => toOriginalTime(a) - toOriginalTime(b));
      for (const message of inOrder) {
        if (way.isEnding()) return;
        try {
          await way.pace();
          await goBack.send(message);
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
 * One key's dead letters in order of arrival. They are acknowledged from the front only: when Pub/Sub delivers a message again, it
 * delivers all later ones of the key again, acknowledged or not.
 */
class KeyQueue {
  readonly #way: Way;
  readonly #waiting: ArrivedMessage[];
  readonly #wanted: ReadonlySet<ArrivedMessage>;
  readonly #sent = new Set<ArrivedMessage>();

  constructor(way: Way, own: readonly ArrivedMessage[], wanted: ReadonlySet<ArrivedMessage>) {
    this.#way = way;
    this.#waiting = [...own];
    this.#wanted = wanted;
  }

  async send(message: ArrivedMessage): Promise<void> {
    const own = Object.entries(message.attributes).filter(([name]) => !name.startsWith(GOOGLES));
    const attributes = { ...Object.fromEntries(own), redriven: String(countRedriven(message) + 1) };
    await this.#publish(this.#way.topic, { ...message, attributes });
    this.#sent.add(message);
    for (let [first] = this.#waiting; first !== undefined && this.#sent.size > 0; [first] = this.#waiting) {
      if (this.#wanted.has(first) && !this.#sent.has(first)) return;
      // What stays moves behind what goes, as a dead letter still.
      if (!this.#wanted.has(first)) await this.#publish(this.#way.deadLetter, first);
      await this.#way.letters.drop(first.messageId);
      this.#sent.delete(first);
      this.#waiting.shift();
    }
  }

  #publish(topic: string, { data, attributes, orderingKey }: ArrivedMessage): Promise<void> {
    return this.#way.pubsub.publish(topic, { data, attributes, orderingKey });
  }
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
