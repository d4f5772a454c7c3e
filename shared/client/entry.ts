import type { Accepted } from "./api.ts";
import type { Context } from "./context.ts";
import {
  AbortError,
  type LastAnswer,
  type Refusal,
  RefusedError,
  type SendError,
  toReason,
  UnavailableError,
} from "./errors.ts";
import type { PulseCartEvent } from "./event-unions.ts";
import type { FunctionName } from "./events.ts";
import type { WrittenEvent } from "./write-event.ts";

/** What a timer can wait for; it fires at once when told to wait longer. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** A timer that is later than this was held up: by a frozen process, or a blocked event loop. */
const FROZEN_MS = 250;

/** How large a batch an event may share. */
export interface BatchLimits {
  readonly events: number;
  readonly bytes: number;
}

/** What the events of one call share. */
export interface CallOptions {
  readonly timeoutMs: number;
  /** From when `timeoutMs` counts. */
  readonly countsFrom: "call" | "first attempt";
  readonly traceparent: string | undefined;
  readonly context: Context;
  /** Undefined: each event goes alone. */
  readonly limits: BatchLimits | undefined;
}

export type Outcome = Accepted | { readonly error: SendError };

/** An event on its way, from the call that gave it to its outcome. */
export class Entry {
  readonly eventId: string;
  /** Whose events stay in order: the `user_id`, or a symbol where it is none and the producer will say so. */
  readonly user: unknown;
  readonly target: FunctionName;
  /** The function's; undefined where nothing is sent to it. */
  readonly url: string | undefined;
  /** Its JSON, the same for every attempt; empty once it has its outcome. */
  body: Uint8Array<ArrayBuffer>;
  readonly call: CallOptions;
  limits: BatchLimits | undefined;
  /** Among its user's events. */
  position = 0;
  /** The request that holds it. */
  request: { settleOne(): void } | undefined;
  isSettled = false;
  attempts = 0;
  /** What the last answer said. */
  last: LastAnswer = {};
  /** Why the last attempt got no answer. */
  cause: unknown;
  /** When its time is over, by `performance.now()`. */
  deadline = Number.POSITIVE_INFINITY;
  /** Called once it has its outcome. */
  onSettled: (() => void) | undefined;
  /** Called where it has one more attempt although its time is over. */
  onLastChance: (() => void) | undefined;
  readonly outcome: Promise<Outcome>;
  #resolve: (outcome: Outcome) => void = () => {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastAttempt = Number.POSITIVE_INFINITY;
  #timeoutMs: number;
  readonly #givenAt = performance.now();

  constructor({ eventId, user, body, target, url }: WrittenEvent, call: CallOptions) {
    this.eventId = eventId;
    this.user = user;
    this.body = body;
    this.target = target;
    this.url = url;
    this.call = call;
    this.limits = call.limits;
    this.#timeoutMs = call.timeoutMs;
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    if (call.countsFrom === "call") this.#startClock();
  }

  /** Notes that an attempt begins. */
  begin(request: { settleOne(): void }): void {
    this.request = request;
    this.attempts++;
    if (this.deadline === Number.POSITIVE_INFINITY) this.#startClock();
  }

  #startClock(): void {
    if (this.#timeoutMs === Number.POSITIVE_INFINITY) return;
    this.deadline = performance.now() + this.#timeoutMs;
    this.#timer = setTimeout(() => {
      if (this.hasTimeFor(0)) this.onLastChance?.();
      else this.giveUp();
    }, this.#timeoutMs);
  }

  /**
   * Whether there is time for an attempt after a wait. Time that passed while the process was frozen passed unused, so that
   * there is one more attempt after it.
   */
  hasTimeFor(delayMs: number): boolean {
    const now = performance.now();
    if (this.#lastAttempt !== Number.POSITIVE_INFINITY) return this.attempts < this.#lastAttempt;
    if (now + delayMs <= this.deadline) return true;
    if (this.call.countsFrom !== "call" || now < this.deadline + FROZEN_MS) return false;
    this.#lastAttempt = this.attempts + 1;
    return true;
  }

  /** Has its time run on while its function is left alone, and gives it up where it ends meanwhile. */
  waitOut(milliseconds: number): void {
    if (this.deadline === Number.POSITIVE_INFINITY) this.#timeoutMs -= milliseconds;
    const left = Math.min(this.#timeoutMs, this.deadline - performance.now() - milliseconds);
    if (left < 0) this.giveUp("the function asked to be left alone for longer");
  }

  /** Sets the outcome; only the first one counts. */
  settle(outcome: Outcome): void {
    if (this.isSettled) return;
    this.isSettled = true;
    clearTimeout(this.#timer);
    this.body = new Uint8Array();
    this.#resolve(outcome);
    this.request?.settleOne();
    this.onSettled?.();
  }

  /** Where it goes, for messages. */
  get place(): string {
    return this.url ? `${this.target} (${this.url})` : this.target;
  }

  refuse(message: string, refusal: Refusal): void {
    this.settle({ error: new RefusedError(message, { ...refusal, ...this.#details() }) });
  }

  abort(reason: unknown): void {
    this.settle({
      error: new AbortError(`Sending ${this.eventId} was aborted.`, { ...this.#details(), cause: reason }),
    });
  }

  /** Ends the attempts. @param reason why, where it is not that its time is over */
  giveUp(reason = "its time is over"): void {
    if (this.isSettled) return;
    const { eventId, attempts, last, cause } = this;
    const seconds = ((performance.now() - this.#givenAt) / 1000).toFixed(1);
    const tries = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
    const answer = [last.status, last.code, last.detail].filter((part) => part !== undefined).join(" ");
    const why = cause === undefined ? answer || "no answer" : `no answer (${toReason(cause)})`;
    const what = attempts === 0 ? `it was not sent within ${seconds} s` : `${why}, after ${tries} in ${seconds} s`;
    const message = `${this.place} did not take ${eventId}, ${reason}: ${what}`;
    this.settle({ error: new UnavailableError(message, { ...last, attempts, cause, ...this.#details() }) });
  }

  /** The event with its `event_id`, as it was written. */
  readEvent(): PulseCartEvent {
    return toEvent(this.body);
  }

  #details() {
    const { eventId: event_id, body } = this;
    return { event_id, readEvent: () => toEvent(body) };
  }
}

function toEvent(body: Uint8Array): PulseCartEvent {
  return JSON.parse(new TextDecoder().decode(body));
}

/** @throws the outcome's error */
export async function toAccepted({ outcome }: Entry): Promise<Accepted> {
  const known = await outcome;
  if ("error" in known) throw known.error;
  return known;
}
