import type { ArrivedMessage } from "../../../pubsub/open-subscription.ts";

/** An event of a schedule: which user's, its place among the user's events, and what will become of it. */
export interface Planned {
  /** `good` will be taken; `poison` is refused by Pub/Sub itself; `invalid` breaks its schema. */
  readonly kind: "good" | "poison" | "invalid";
  readonly user: number;
  readonly sequence: number;
}

export function toId({ kind, user, sequence }: Planned): string {
  return `${kind}:${user}:${sequence}`;
}

/** @returns undefined when the id is none of a schedule's */
export function readId(id: unknown): Planned | undefined {
  const [, kind, user, sequence] = /^(good|poison|invalid):(\d+):(\d+)$/.exec(String(id)) ?? [];
  return kind === undefined
    ? undefined
    : { kind: kind as Planned["kind"], user: Number(user), sequence: Number(sequence) };
}

/** What a schedule comes down to. All but the first five must be 0. */
export interface Balance {
  readonly sent: number;
  readonly events: number;
  readonly accepted: number;
  readonly arrived: number;
  /** Deliveries of what was delivered before, under the same id and with the same bytes. */
  readonly duplicates: number;
  /** Accepted, and not on the topic. */
  readonly lost: number;
  /** Not as it was sent, or nobody's. */
  readonly altered: number;
  /** First delivered after a later event of the same user. */
  readonly outOfOrder: number;
  /** Final where trying again helps, or the other way round. */
  readonly wrong: number;
  /** Events whose caller was never told. */
  readonly unsettled: number;
  /** Sent while the user had a request open to another function, or after a later event of the user. */
  readonly crossed: number;
  /** What the client's `close` gave back, as it could not be sent in time. */
  readonly givenBack: number;
}

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
export function isClean(balance: Balance): boolean {
  return Object.keys(BAD).every((name) => balance[name as keyof typeof BAD] === 0);
}

/** @returns the account in one line */
export function printBalance(balance: Balance): string {
  const { sent, events, accepted, arrived, duplicates, givenBack } = balance;
  const bad = Object.entries(BAD).map(([name, label]) => `${balance[name as keyof typeof BAD]} ${label}`);
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

/** Keeps account of each event from its first attempt to its deliveries. */
export class Tally {
  /** Attempts, each event of a batch by itself. */
  sent = 0;
  unsettled = 0;
  givenBack = 0;
  /** What answers said that they should not have, in words. */
  readonly wrong: string[] = [];
  readonly altered: string[] = [];
  readonly #bytes = new Map<string, string>();
  readonly #accepted = new Set<string>();
  /** What arrived, each with its user's place in its topic. */
  readonly #arrivals = new Map<string, string>();
  #duplicates = 0;
  /** Which functions a user has requests open to, and the user's latest event that was sent. */
  readonly #openOf = new Map<number, string[]>();
  readonly #latestSent = new Map<number, number>();
  readonly #sentOnce = new Set<string>();
  #crossed = 0;

  /** Notes an event with the bytes that must arrive, before its first attempt. */
  plan(event: Planned, body: string): void {
    this.#bytes.set(toId(event), body);
  }

  accept(event: Planned): void {
    this.#accepted.add(toId(event));
  }

  /**
   * Notes a request to a function, to see the order across functions.
   *
   * @returns to be called once it has its answer
   */
  open(ids: readonly unknown[], name: string): () => void {
    const events = ids.map(readId).filter((event) => event !== undefined);
    for (const event of events) {
      const { user, sequence } = event;
      const latest = this.#latestSent.get(user) ?? -1;
      const isLate = !this.#sentOnce.has(toId(event)) && sequence < latest;
      const others = this.#openOf.get(user)?.some((other) => other !== name) ?? false;
      if (isLate || others) this.#crossed++;
      this.#latestSent.set(user, Math.max(sequence, latest));
      this.#sentOnce.add(toId(event));
    }
    const users = new Set(events.map(({ user }) => user));
    for (const user of users) this.#openOf.set(user, [...(this.#openOf.get(user) ?? []), name]);
    return () => {
      for (const user of users) {
        const open = this.#openOf.get(user) ?? [];
        open.splice(open.indexOf(name), 1);
      }
    };
  }

  arrive({ data, attributes, orderingKey }: ArrivedMessage): void {
    const id = attributes.event_id ?? "";
    const isOurs = data.toString() === this.#bytes.get(id) && orderingKey === `usr_${readId(id)?.user}`;
    if (!isOurs) this.altered.push(`${id}: ${data.toString().slice(0, 300)}`);
    else if (this.#arrivals.has(id)) this.#duplicates++;
    else this.#arrivals.set(id, `${orderingKey} ${attributes.event_type}`);
  }

  get missing(): readonly string[] {
    return [...this.#accepted].filter((id) => !this.#arrivals.has(id));
  }

  balance(): Balance {
    return {
      sent: this.sent,
      events: this.#bytes.size,
      accepted: this.#accepted.size,
      arrived: this.#arrivals.size,
      duplicates: this.#duplicates,
      lost: this.missing.length,
      altered: this.altered.length,
      outOfOrder: this.#countOutOfOrder(),
      wrong: this.wrong.length,
      unsettled: this.unsettled,
      crossed: this.#crossed,
      givenBack: this.givenBack,
    };
  }

  #countOutOfOrder(): number {
    const latest = new Map<string, number>();
    return [...this.#arrivals].filter(([id, place]) => {
      const { sequence } = readId(id) as Planned;
      const isLate = this.#accepted.has(id) && sequence < (latest.get(place) ?? -1);
      latest.set(place, Math.max(sequence, latest.get(place) ?? -1));
      return isLate;
    }).length;
  }
}
