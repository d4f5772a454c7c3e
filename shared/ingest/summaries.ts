import type { PayloadChecks } from "../config.ts";
import type { Problem, ProblemCode } from "../http/problem.ts";
import type { ProcessLog } from "../log.ts";

const MINUTE_MS = 60_000;

/** Callers that have lines of their own, and paths that a line names; the rest of either are `others`. */
const MOST_CALLERS = 64;
const MOST_PATHS = 20;
const OTHERS = "others";

/** The lines, and how loud they are. */
const levels = {
  "Events accepted": "info",
  "Events refused": "warning",
  "Payload differs from its schema": "warning",
} as const;

/** What an event's story, and the edge, need of the summaries. */
export type Counting = Pick<Summaries, "accepted" | "refused" | "sayDue">;

/** For what is not counted: events that are only checked. */
export const uncounted: Counting = { accepted() {}, refused() {}, sayDue() {} };

/** What is counted together. */
interface Kind {
  readonly message: keyof typeof levels;
  readonly event_type: string | undefined;
  readonly code?: ProblemCode;
  readonly caller: string | undefined;
}

interface Count {
  readonly kind: Kind;
  /** When the line after the last one may be written. */
  nextAt: number;
  /** Events since the last line, and how many of them were at fault at a path. */
  events: number;
  paths: Map<string, number>;
}

/**
 * Counts what becomes of events, and says it in the log: at most one line a minute for each event type, code and caller,
 * whatever `LOG_LEVEL` is. There is no timer, since the CPU is there only during requests.
 */
export class Summaries {
  readonly #log: Pick<ProcessLog, "always">;
  readonly #checks: PayloadChecks;
  readonly #counts = new Map<string, Count>();
  readonly #callers = new Set<string>();
  /** When the first of those that wait may be said. */
  #nextAt = Number.POSITIVE_INFINITY;

  /** @param checks whether payloads are looked at: where not, a summary says so */
  constructor(log: Pick<ProcessLog, "always">, checks: PayloadChecks) {
    this.#log = log;
    this.#checks = checks;
  }

  /** @param paths at which its payload differs from its schema, joined by a space */
  accepted(eventType: string, caller: string | undefined, paths?: string): void {
    this.#count({ message: "Events accepted", event_type: eventType, caller });
    if (paths === undefined) return;
    const message = "Payload differs from its schema";
    this.#count({ message, event_type: eventType, caller }, paths.split(" "));
  }

  /** @param eventType undefined where it is none that the registry knows */
  refused(eventType: string | undefined, { code, extras }: Problem, caller: string | undefined): void {
    const kind: Kind = { message: "Events refused", event_type: eventType, code, caller };
    this.#count(
      kind,
      extras.errors?.map(({ path }) => path),
    );
  }

  /** Says what has waited for a minute. Each request asks for it, whatever it is. */
  sayDue(now = performance.now()): void {
    if (now < this.#nextAt) return;
    this.#nextAt = Number.POSITIVE_INFINITY;
    for (const count of this.#counts.values()) this.#sayOrWait(count, now);
  }

  /** Says all that was counted: the process ends. */
  sayAll(): void {
    for (const count of this.#counts.values()) if (count.events > 0) this.#say(count, performance.now());
  }

  #count(kind: Kind, paths: readonly string[] = []): void {
    const caller = this.#toNamed(kind.caller);
    const key = `${kind.message} ${kind.event_type ?? ""} ${kind.code ?? ""} ${caller ?? ""}`;
    let count = this.#counts.get(key);
    if (!count) {
      count = { kind: { ...kind, caller }, nextAt: 0, events: 0, paths: new Map() };
      this.#counts.set(key, count);
    }
    count.events++;
    for (const path of paths) {
      const name = count.paths.has(path) || count.paths.size < MOST_PATHS ? path : OTHERS;
      count.paths.set(name, (count.paths.get(name) ?? 0) + 1);
    }
    this.#sayOrWait(count, performance.now());
  }

  #toNamed(caller: string | undefined): string | undefined {
    if (caller === undefined || this.#callers.has(caller)) return caller;
    if (this.#callers.size >= MOST_CALLERS) return OTHERS;
    this.#callers.add(caller);
    return caller;
  }

  #sayOrWait(count: Count, now: number): void {
    if (count.events === 0) return;
    if (now >= count.nextAt) this.#say(count, now);
    else if (count.nextAt < this.#nextAt) this.#nextAt = count.nextAt;
  }

  #say(count: Count, now: number): void {
    const { kind, events, paths } = count;
    const { message, ...fields } = kind;
    Object.assign(count, { nextAt: now + MINUTE_MS, events: 0, paths: new Map() });
    const unchecked = this.#checks === "off" && { payload_checks: "off" };
    const named = paths.size > 0 && { paths: Object.fromEntries(paths) };
    try {
      this.#log.always(levels[message], message, { ...fields, count: events, ...named, ...unchecked });
    } catch {
      // The event goes its way, whatever becomes of the line.
    }
  }
}
