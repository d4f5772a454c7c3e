import type { ArrivedMessage } from "../../pubsub/open-subscription.ts";
import type { ScheduleReport } from "./schedules/run-schedule.ts";

/** What must be 0, by its column. */
const BAD = {
  lost: "lost",
  altered: "altered",
  outOfOrder: "out of order",
  crossed: "out of order across functions",
  wrong: "wrong",
  unsettled: "unsettled",
} as const;

/** @returns whether everything that must be 0 is */
export function isClean(report: ScheduleReport): boolean {
  return report.findings.length === 0 && Object.keys(BAD).every((name) => report[name as keyof typeof BAD] === 0);
}

/** @returns the account in one line */
export function printBalance(report: ScheduleReport): string {
  const { sent, events, accepted, arrived, duplicates, givenBack } = report;
  const bad = Object.entries(BAD).map(([name, label]) => `${report[name as keyof typeof BAD]} ${label}`);
  return [
    `${sent} sent`,
    `${events} events`,
    `${accepted} accepted`,
    `${arrived} arrived`,
    `${duplicates} duplicates`,
    `${givenBack} given back by close`,
    ...bad,
  ].join(", ");
}

const EVENT_TYPE = "payment.failed";

/** One event of the soak: the user's `sequence`th. All there is to it follows from these two numbers. */
export interface SoakEvent {
  readonly user: number;
  readonly sequence: number;
}

/** @returns the event's identity, from which {@link readEventId} finds it again */
function toEventId({ user, sequence }: SoakEvent): string {
  return `soak:${user}:${sequence}`;
}

/** @returns undefined when the id is none of the soak's */
export function readEventId(id: string | undefined): SoakEvent | undefined {
  const [, user, sequence] = /^soak:(\d+):(\d+)$/.exec(id ?? "") ?? [];
  return user === undefined ? undefined : { user: Number(user), sequence: Number(sequence) };
}

/**
 * The event as it is sent, with id and timestamp, so that exactly these bytes must arrive. The numbers in it are such that
 * no parser of JavaScript brings them back: 25 digits, a trailing zero, beyond the range of a double.
 */
export function toBody(event: SoakEvent): string {
  const { user, sequence } = event;
  const digits = `9007199254740993${String(sequence).padStart(9, "0")}`;
  return (
    `{"event_type":"${EVENT_TYPE}","event_id":"${toEventId(event)}","timestamp":"2026-01-01T00:00:00.000Z",` +
    `"user_id":"${toUserId(user)}","order_id":"ord_${sequence}", "payload":{"reason":"card_declined","sequence":${sequence},` +
    `"ledger":${digits},"amount":89.90,"limit":1e400,"note":"caf\\u00e9 \\ud83d\\ude00"}}`
  );
}

/** Whether a message is its event, byte for byte, under its user's key and with its attributes. */
export function isUnaltered(message: ArrivedMessage, event: SoakEvent): boolean {
  return (
    message.data.equals(Buffer.from(toBody(event))) &&
    message.orderingKey === toUserId(event.user) &&
    message.attributes.event_type === EVENT_TYPE &&
    message.attributes.event_id === toEventId(event)
  );
}

function toUserId(user: number): string {
  return `usr_${user}`;
}

/** What became of one event; attempts are numbered per user, in the order in which they were sent. */
interface Entry {
  readonly firstAttempt: number;
  acceptedAttempt: number | undefined;
  hasArrived: boolean;
}

interface UserPage {
  attempts: number;
  /** By sequence. */
  readonly entries: Entry[];
  /** The latest first attempt among the events that have arrived. */
  latestArrived: number;
}

/** What a soak comes down to; everything but `accepted` and `duplicates` must be 0. */
export interface Balance {
  readonly events: number;
  readonly accepted: number;
  /** Accepted events that are on the topic. */
  readonly arrived: number;
  readonly lost: number;
  /** Events whose first delivery came after that of an event that was sent only after this one had been accepted. */
  readonly outOfOrder: number;
  /** Deliveries of what had been delivered before: what a caller's or the function's retry may cause. */
  readonly duplicates: number;
}

/** Keeps account of each event, from its first attempt to its first delivery. */
export class Ledger {
  readonly #users = new Map<number, UserPage>();
  readonly #arrivals: SoakEvent[] = [];
  #duplicates = 0;

  /** Notes that an event is sent, for the first time or again. @returns the number of the attempt */
  send({ user, sequence }: SoakEvent): number {
    const page = this.#users.get(user) ?? { attempts: 0, entries: [], latestArrived: 0 };
    this.#users.set(user, page);
    page.attempts++;
    page.entries[sequence] ??= { firstAttempt: page.attempts, acceptedAttempt: undefined, hasArrived: false };
    return page.attempts;
  }

  /** Notes that this attempt was answered with 202. */
  accept(event: SoakEvent, attempt: number): void {
    this.#find(event).acceptedAttempt = attempt;
  }

  /** Notes a delivery. */
  arrive(event: SoakEvent): void {
    const entry = this.#find(event);
    if (entry.hasArrived) {
      this.#duplicates++;
      return;
    }
    entry.hasArrived = true;
    this.#arrivals.push(event);
  }

  /** Casts up the account. A message may come before the answer to its caller, so order is judged only now. */
  balance(): Balance {
    const entries = [...this.#users.values()].flatMap((page) => page.entries);
    const accepted = entries.filter(({ acceptedAttempt }) => acceptedAttempt !== undefined);
    const arrived = accepted.filter(({ hasArrived }) => hasArrived).length;
    return {
      events: entries.length,
      accepted: accepted.length,
      arrived,
      lost: accepted.length - arrived,
      outOfOrder: this.#countOutOfOrder(),
      duplicates: this.#duplicates,
    };
  }

  #countOutOfOrder(): number {
    for (const page of this.#users.values()) page.latestArrived = 0;
    return this.#arrivals.filter((event) => {
      const page = this.#users.get(event.user) as UserPage;
      const { firstAttempt, acceptedAttempt } = this.#find(event);
      const isLate = acceptedAttempt !== undefined && acceptedAttempt < page.latestArrived;
      page.latestArrived = Math.max(page.latestArrived, firstAttempt);
      return isLate;
    }).length;
  }

  #find({ user, sequence }: SoakEvent): Entry {
    const entry = this.#users.get(user)?.entries[sequence];
    if (entry === undefined) throw new Error(`Event ${sequence} of user ${user} was never sent.`);
    return entry;
  }
}
