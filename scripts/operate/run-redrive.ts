import { toPubSubNames } from "../common/pubsub-resources.ts";
import type { ArrivedMessage } from "../pubsub/open-subscription.ts";
import {
  bringBack,
  countRedriven,
  createPace,
  type Failure,
  MOST_TIMES,
  toGroup,
  toOriginalTime,
} from "./bring-back.ts";
import { DeadLetters } from "./dead-letters.ts";
import type { PubSub } from "./pubsub.ts";
import { isTemporary, toPrintable } from "./story.ts";

/** How long a redrive has what it took for itself, and how long nothing comes before there is nothing. */
export interface Holding {
  readonly leaseSeconds: number;
  readonly quietMs: number;
}

/** Of failures, those that are printed. */
const MOST_LINES = 20;

/** Which dead letters go back, and how fast. */
export interface Order {
  readonly type: string | undefined;
  /** Became a dead letter before this: milliseconds since the epoch. */
  readonly before: number;
  readonly limit: number;
  /** A second. */
  readonly rate: number;
  readonly isDry: boolean;
}

/**
 * Brings dead letters back to their topic, and prints what it does.
 *
 * @param isEnding asked before each: whether to stop here
 * @returns the exit code: 0 done or nothing to do, 1 something failed or was not reached
 * @throws GcloudError, ServiceError where Pub/Sub cannot be asked, before anything was brought back
 */
export async function runRedrive(
  pubsub: PubSub,
  topicId: string,
  { type, before, limit, rate, isDry }: Order,
  holding: Holding,
  isEnding: () => boolean = () => false,
): Promise<0 | 1> {
  const { topic, deadLetter, kept } = toPubSubNames(topicId);
  const subscriptions = await pubsub.listSubscriptions(topic);
  if (subscriptions === undefined) throw new Error(`there is no topic ${topic}`);
  const letters = new DeadLetters(pubsub, kept, holding.leaseSeconds);
  const way = { pubsub, letters, topic, deadLetter, pace: createPace(rate), isEnding };
  const failures: Failure[] = [];
  let cut = "";
  let done = 0;
  let inHand: ArrivedMessage[] = [];
  const takeMore = async (quietMs: number) => {
    const taken = await letters.take(quietMs);
    inHand = [...inHand.filter(({ messageId }) => letters.holds(messageId)), ...taken];
  };
  const choose = () => {
    const stopped = new Set(failures.map(({ message }) => toGroup(message)));
    const meant = inHand.filter((message) => {
      const isOfType = type === undefined || message.attributes.event_type === type;
      return isOfType && message.publishTime < before && !stopped.has(toGroup(message));
    });
    const isSpent = (message: ArrivedMessage) => countRedriven(message) >= MOST_TIMES;
    const fresh = meant.filter((message) => !isSpent(message));
    const wanted = fresh.sort((a, b) => toOriginalTime(a) - toOriginalTime(b)).slice(0, limit - done);
    return { wanted, spent: meant.filter(isSpent) };
  };
  try {
    await takeMore(holding.quietMs);
    const first = choose();
    console.log(describePlan(topic, first.wanted, first.spent));
    if (isDry || first.wanted.length === 0) return 0;
    const readers = subscriptions.filter((id) => !isTemporary.test(id)).join(", ") || "there is none";
    console.log(
      `Every subscription of ${topic} gets them again (${readers}): consumers drop what they have seen by its event_id.`,
    );
    for (let { wanted } = first; wanted.length > 0 && !isEnding(); { wanted } = choose()) {
      const outcome = await bringBack(way, inHand, new Set(wanted));
      done += outcome.done;
      failures.push(...outcome.failures);
      // A key's later ones come when those before them are acknowledged.
      await takeMore(holding.quietMs / 4).catch((error: Error) => {
        cut = `There may be more: ${error.message}`;
      });
    }
    console.log(`${done} brought back.`);
    const stays = failures.map(
      ({ message, error }) => `${nameEvent(message)} stays, and what follows under its key: ${error.message}`,
    );
    if (stays.length > MOST_LINES) stays.splice(MOST_LINES, Infinity, `and ${stays.length - MOST_LINES} more`);
    const faults = [
      ...stays,
      ...(cut ? [cut] : []),
      ...(isEnding() ? ["Stopped: the rest are still dead letters."] : []),
    ];
    if (faults.length > 0) console.error(faults.join("\n"));
    return faults.length > 0 ? 1 : 0;
  } finally {
    await letters.close();
  }
}

/** What goes back, by source subscription and type with its age, and what stays. */
function describePlan(topic: string, wanted: readonly ArrivedMessage[], spent: readonly ArrivedMessage[]): string {
  const groups = Map.groupBy(wanted, ({ attributes }) => {
    const { event_type: type, CloudPubSubDeadLetterSourceSubscription: source = "an unknown subscription" } =
      attributes;
    return `${type ?? "no event_type"} from ${source}`;
  });
  const lines = [...groups].map(([group, messages]) => {
    const times = messages.map(({ publishTime }) => publishTime).sort((a, b) => a - b);
    const [oldest, youngest] = [times[0], times.at(-1)].map((time) => toAge(Date.now() - (time ?? 0)));
    return `  ${messages.length} ${group}, ${youngest === oldest ? oldest : `${youngest} to ${oldest}`} old`;
  });
  const stays = spent.map((message) => `  ${nameEvent(message)} stays: it was brought back ${MOST_TIMES} times.`);
  if (lines.length === 0)
    lines.push("  none (what another redrive had in hand comes back a minute after its end, or some after several)");
  return toPrintable([`To be brought back to ${topic}:`, ...lines, ...stays].join("\n"));
}

function nameEvent({ attributes, messageId }: ArrivedMessage): string {
  const { event_id: id = `message ${messageId}`, event_type: type = "no event_type" } = attributes;
  return toPrintable(`${id} (${type})`);
}

function toAge(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 60) return `${minutes} min`;
  return minutes < 2_880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1_440)} d`;
}
