import type { ProblemCode } from "../http/problem.ts";
import type { Log } from "../log.ts";

const MINUTE_MS = 60_000;

/** Callers that have lines of their own, and paths that a line names; the rest of either are `others`. */
const MOST_CALLERS = 64;
const MOST_PATHS = 20;
const OTHERS = "others";

type Message = "Events accepted" | "Events refused" | "Payload differs from its schema";

/** What is counted together; a line leaves out what is undefined. */
interface Fields {
  readonly event_type: string | undefined;
  readonly code?: ProblemCode;
  readonly caller: string | undefined;
}

interface Count {
  readonly message: Message;
  readonly fields: Fields;
  /** When its next line may be written. */
  nextAt: number;
  /** Events since the last line, and how many of them were at fault at a path. */
  events: number;
  paths: Map<string, number>;
}

/** For events that are only checked. */
export const uncounted: Pick<Summaries, "count" | "sayDue"> = { count() {}, sayDue() {} };

/**
 * Counts what becomes of events, and says it in the log: at most one line a minute for each event type, code and caller,
 * whatever `LOG_LEVEL` is. There is no timer, since the CPU is there only during requests.
 */
export class Summaries {
  readonly #log: Pick<Log, "always">;
  readonly #common: object;
  readonly #counts = new Map<string, Count>();
  readonly #callers = new Set<string | undefined>();
  /** When the first of those that wait may be said, and when the latest request came. */
  #nextAt = Number.POSITIVE_INFINITY;
  #now = 0;

  /** @param common the fields that every line has */
  constructor(log: Pick<Log, "always">, common: object = {}) {
    this.#log = log;
    this.#common = common;
  }

  /**
   * Counts one event, and says so at once where its line was not written in the last minute.
   *
   * @param paths at which it is at fault
   */
  count(message: Message, { event_type, code, caller }: Fields, paths: readonly string[] = []): void {
    const name = this.#toName(caller);
    const key = `${message} ${event_type ?? ""} ${code ?? ""} ${name ?? ""}`;
    let count = this.#counts.get(key);
    if (!count) {
      const fields = { event_type, code, caller: name } as Fields;
      count = { message, fields, nextAt: 0, events: 0, paths: new Map() };
      this.#counts.set(key, count);
    }
    count.events++;
    for (const path of paths) {
      const named = count.paths.has(path) || count.paths.size < MOST_PATHS ? path : OTHERS;
      count.paths.set(named, (count.paths.get(named) ?? 0) + 1);
    }
    this.#sayOrWait(count);
  }

  /** Says what has waited for a minute. @param now when a request came, whatever it is; infinity as the process ends */
  sayDue(now: number): void {
    this.#now = now;
    if (now < this.#nextAt) return;
    this.#nextAt = Number.POSITIVE_INFINITY;
    for (const count of this.#counts.values()) this.#sayOrWait(count);
  }

  #toName(caller: string | undefined): string | undefined {
    if (caller === undefined || this.#callers.has(caller)) return caller;
    if (this.#callers.size >= MOST_CALLERS) return OTHERS;
    this.#callers.add(caller);
    return caller;
  }

  #sayOrWait(count: Count): void {
    const { message, fields, nextAt, events, paths } = count;
    if (events === 0) return;
    if (this.#now < nextAt) {
      this.#nextAt = Math.min(this.#nextAt, nextAt);
      return;
    }
    Object.assign(count, { nextAt: this.#now + MINUTE_MS, events: 0, paths: new Map() });
    const named = paths.size > 0 && { paths: Object.fromEntries(paths) };
    const level = message === "Events accepted" ? "info" : "warning";
    this.#log.always(level, message, { ...fields, count: events, ...named, ...this.#common });
  }
}
