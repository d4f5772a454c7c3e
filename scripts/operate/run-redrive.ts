import { setTimeout as sleep } from "node:timers/promises";
import { toPubSubNames } from "../common/pubsub-resources.ts";
import type { PubSub } from "../deploy/gcloud/cloud-pubsub.ts";
import type { ArrivedMessage } from "../pubsub/open-subscription.ts";
import { holdDeadLetters } from "./dead-letters.ts";
import { toPrintable } from "./story.ts";

/** So often a message is brought back; what fails again after that needs somebody to look at it. */
export const MOST_TIMES = 3;
const AT_ONCE = 16;
const GOOGLES = "CloudPubSubDeadLetter";

/** Which dead letters go back, and how. */
export interface Order {
  readonly type: string | undefined;
  /** Became a dead letter before this: milliseconds since the epoch. */
  readonly before: number;
  readonly limit: number;
  /** A second. */
  readonly rate: number;
  readonly isDry: boolean;
  /** How long a redrive has what it took for itself, and how long nothing comes before there is nothing. */
  readonly leaseSeconds: number;
  readonly quietMs: number;
}

/**
 * Brings dead letters back to their topic, and prints what it does. What fails stops its own key alone.
 *
 * @param ending asked before each: whether to stop here
 * @returns the exit code: 0 done or nothing to do, 1 something failed or was not reached
 * @throws GcloudError, ServiceError where Pub/Sub cannot be asked, before anything was brought back
 */
export async function runRedrive(
  pubsub: PubSub,
  topicId: string,
  { type, before, limit, rate, isDry, leaseSeconds, quietMs }: Order,
  ending: AbortSignal,
): Promise<0 | 1> {
  const { topic, deadLetter, kept } = toPubSubNames(topicId);
  const letters = holdDeadLetters(pubsub, kept, leaseSeconds);
  const stopped = new Set<string>();
  const faults: string[] = [];
  let done = 0;
  let next = 0;
  const publish = (to: string, { data, orderingKey, attributes }: ArrivedMessage) =>
    pubsub.publish(to, [{ data, orderingKey, attributes }]);
  /** Those that go, the oldest first, and those that were brought back too often. */
  const choose = (inHand: readonly ArrivedMessage[]) => {
    const meant = inHand.filter(({ attributes, publishTime }) => {
      return (type === undefined || attributes.event_type === type) && publishTime < before;
    });
    const wanted = meant.filter((each) => countRedriven(each) < MOST_TIMES && !stopped.has(toGroup(each)));
    wanted.sort((a, b) => toOriginalTime(a) - toOriginalTime(b)).splice(limit - done);
    return { wanted, spent: meant.filter((each) => countRedriven(each) >= MOST_TIMES) };
  };

  /**
   * Sends one key's dead letters, one after the other. They are acknowledged from the front only: when Pub/Sub delivers a message
   * again, it delivers all later ones of the key again, acknowledged or not.
   *
   * @param arrived all of the key that are in hand, in order of arrival
   */
  const bringBack = async (wanted: readonly ArrivedMessage[], arrived: readonly ArrivedMessage[]) => {
    const goes = new Set(wanted);
    const left = new Set(wanted);
    // What stays behind the last one that goes is not touched.
    const front = arrived.slice(0, arrived.findLastIndex((each) => goes.has(each)) + 1);
    for (const message of wanted) {
      if (ending.aborted) return;
      // So many a second, of all keys together.
      const now = Date.now();
      next = Math.max(next + 1000 / rate, now);
      await sleep(next - now);
      try {
        await publish(topic, toRedriven(message));
        left.delete(message);
        for (let [first] = front; first && !left.has(first); [first] = front) {
          // What stays moves behind what goes, as a dead letter still.
          if (!goes.has(first)) await publish(deadLetter, first);
          await letters.drop(first);
          front.shift();
        }
        done += 1;
      } catch (error) {
        stopped.add(toGroup(message));
        faults.push(`${nameEvent(message)} stays, and what follows under its key: ${(error as Error).message}`);
        return;
      }
    }
  };

  try {
    let inHand = await letters.take(quietMs);
    let { wanted, spent } = choose(inHand);
    console.log(describePlan(topic, wanted, spent));
    if (isDry || wanted.length === 0) return 0;
    console.log(`Every subscription of ${topic} gets them again: consumers drop what they have seen by its event_id.`);
    while (wanted.length > 0 && !ending.aborted) {
      const arrived = Map.groupBy(inHand, toGroup);
      // One iterator for all: each takes the next key.
      const groups = Map.groupBy(wanted, toGroup).entries();
      const work = async () => {
        for (const [group, messages] of groups) await bringBack(messages, arrived.get(group) ?? []);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      // A key's later ones come when those before them are acknowledged.
      inHand = await letters.take(quietMs / 4).catch((error: Error) => {
        faults.push(`There may be more: ${error.message}`);
        return [];
      });
      ({ wanted } = choose(inHand));
    }
    if (ending.aborted) faults.push("Stopped: the rest are still dead letters.");
    console.log(`${done} brought back.`);
    for (const fault of faults) console.error(fault);
    return faults.length > 0 ? 1 : 0;
  } finally {
    await letters.close();
  }
}

function countRedriven({ attributes }: ArrivedMessage): number {
  return Number(attributes.redriven) || 0;
}

/** As it was before it became a dead letter, and once more brought back. */
function toRedriven(message: ArrivedMessage): ArrivedMessage {
  const own = Object.entries(message.attributes).filter(([name]) => !name.startsWith(GOOGLES));
  return { ...message, attributes: { ...Object.fromEntries(own), redriven: String(countRedriven(message) + 1) } };
}

/** When a dead letter was published on its own topic, in milliseconds since the epoch. */
function toOriginalTime({ attributes, publishTime }: ArrivedMessage): number {
  return Date.parse(attributes[`${GOOGLES}SourceTopicPublishTime`] ?? "") || publishTime;
}

/** What keeps its order together: the messages of one key, and each that has none by itself. */
function toGroup({ orderingKey, messageId }: ArrivedMessage): string {
  return orderingKey === "" ? `message ${messageId}` : `key ${orderingKey}`;
}

/** What goes back, by source subscription and type with its age, and what stays. */
function describePlan(topic: string, wanted: readonly ArrivedMessage[], spent: readonly ArrivedMessage[]): string {
  const groups = Map.groupBy(wanted, ({ attributes }) => {
    const source = attributes[`${GOOGLES}SourceSubscription`] ?? "an unknown subscription";
    return `${attributes.event_type ?? "no event_type"} from ${source}`;
  });
  const lines = [...groups].map(([group, messages]) => {
    const times = messages.map(({ publishTime }) => publishTime).sort((a, b) => a - b);
    const [oldest, youngest] = [times[0], times.at(-1)].map((time) => toAge(Date.now() - (time ?? 0)));
    return `  ${messages.length} ${group}, ${youngest === oldest ? oldest : `${youngest} to ${oldest}`} old`;
  });
  const stays = spent.map((message) => `  ${nameEvent(message)} stays: it was brought back ${MOST_TIMES} times.`);
  if (lines.length === 0) lines.push("  none (what another redrive had in hand comes back some minutes after its end)");
  return toPrintable([`To be brought back to ${topic}:`, ...lines, ...stays].join("\n"));
}

function nameEvent({ attributes, messageId }: ArrivedMessage): string {
  const { event_id: id = `message ${messageId}`, event_type: type = "no event_type" } = attributes;
  return toPrintable(`${id} (${type})`);
}

function toAge(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
