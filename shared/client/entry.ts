import type { SendResult } from "./api.ts";
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
import type { FunctionName } from "./events.ts";
import type { WrittenEvent } from "./write-event.ts";

/** A timer that is later than this was held up: by a frozen process, or a blocked event loop. */
const FROZEN_MS = 250;

/** How large a batch an event may share. */
export interface BatchLimits {
  readonly events: number;
  readonly bytes: number;
}

/** What the events of one call share. */
export interface Call {
  readonly timeoutMs: number;
  /** From when `timeoutMs` counts. */
  readonly countsFrom: "call" | "first attempt";
  readonly traceparent: string | undefined;
  readonly context: Context;
  readonly limits: BatchLimits;
}

/** An event on its way, from the call that gave it to its outcome. */
export class Entry {
  declare readonly eventId: string;
  /** Whose events stay in order. */
  declare readonly user: string | symbol;
  declare readonly target: FunctionName;
  /** The function's; undefined where another client knows it. */
  declare readonly url: string | undefined;
  /** Of the text, in UTF-8. */
  declare readonly bytes: number;
  /** Its JSON, the same for every attempt; empty once it has its outcome. */
  declare text: string;
  readonly call: Call;
  limits: BatchLimits;
  /** Its neighbours among its user's events. */
  previous: Entry | undefined;
  next: Entry | undefined;
  /** Whether it waits until its sender lets it go, or a later event of its user may go. */
  isHeld = true;
  /** The request that it is in, or the wait before it is sent again. */
  hold: { settleOne(): void } | undefined;
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
  readonly outcome: Promise<SendResult>;
  #resolve: (outcome: SendResult) => void = () => {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastAttempt = Number.POSITIVE_INFINITY;
  #timeoutMs: number;
  readonly #givenAt = performance.now();

  constructor(written: WrittenEvent, call: Call) {
    Object.assign(this, written);
    this.call = call;
    this.limits = call.limits;
    this.#timeoutMs = call.timeoutMs;
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    if (call.countsFrom === "call") this.#startClock();
  }

  /** Notes that an attempt begins. */
  beginAttempt(): void {
    if (this.deadline === Number.POSITIVE_INFINITY) this.#startClock();
    else this.#renewTime();
    this.attempts++;
  }

  #startClock(): void {
    clearTimeout(this.#timer);
    if (this.#timeoutMs === Number.POSITIVE_INFINITY) return;
    this.deadline = performance.now() + this.#timeoutMs;
    this.#timer = setTimeout(() => {
      if (!this.#renewTime()) this.giveUp();
    }, this.#timeoutMs);
  }

  /** Whether its time passed unused, while the process was frozen. */
  get wasFrozen(): boolean {
    return this.call.countsFrom === "call" && performance.now() > this.deadline + FROZEN_MS;
  }

  /** Gives it, once, one more attempt with as much time again, where its time passed unused. @returns whether it did */
  #renewTime(): boolean {
    if (!this.wasFrozen || this.#lastAttempt !== Number.POSITIVE_INFINITY) return false;
    this.#lastAttempt = this.attempts + 1;
    this.#startClock();
    return true;
  }

  /** Whether there is time for an attempt after a wait. */
  hasTimeFor(delayMs: number): boolean {
    const isInTime = this.wasFrozen || performance.now() + delayMs <= this.deadline;
    return isInTime && this.attempts < this.#lastAttempt;
  }

  /** Has its time run on while its function is left alone, and gives it up where it ends meanwhile. */
  waitOut(milliseconds: number): void {
    if (this.deadline === Number.POSITIVE_INFINITY) this.#timeoutMs -= milliseconds;
    const left = Math.min(this.#timeoutMs, this.deadline - performance.now() - milliseconds);
    if (left < 0) this.giveUp("the function asked to be left alone for longer");
  }

  /** Sets the outcome; only the first one counts. */
  settle(outcome: SendResult): void {
    if (this.isSettled) return;
    this.isSettled = true;
    clearTimeout(this.#timer);
    this.text = "";
    this.#resolve(outcome);
    this.hold?.settleOne();
    this.onSettled?.();
  }

  refuse(refusal: Refusal): void {
    const { status, code, detail, errors } = refusal;
    const fault = errors[0] && `(${errors[0].path}: ${errors[0].message})`;
    const what = [status, code, detail, fault].filter(Boolean).join(" ");
    const message = `${this.#place} refused ${this.eventId}: ${what}`;
    this.#fail(new RefusedError(message, { ...refusal, ...this.#own }));
  }

  abort(reason: unknown): void {
    this.#fail(new AbortError(`Sending ${this.eventId} was aborted`, { ...this.#own, cause: reason }));
  }

  /** Ends the attempts. @param reason why, where it is not that its time is over */
  giveUp(reason = "its time is over"): void {
    if (this.isSettled) return;
    const { attempts, cause } = this;
    const { status, ...last } = this.last;
    const seconds = ((performance.now() - this.#givenAt) / 1000).toFixed(1);
    const answer = [status, last.code, last.detail].filter(Boolean).join(" ") || "no answer";
    const why = cause === undefined ? answer : `no answer (${toReason(cause)})`;
    const tries = attempts === 0 ? "it was not sent" : `${why}, after ${attempts} attempt${attempts === 1 ? "" : "s"}`;
    const message = `${this.#place} did not take ${this.eventId}, ${reason}: ${tries} in ${seconds} s`;
    this.#fail(new UnavailableError(message, { lastStatus: status, ...last, attempts, cause, ...this.#own }));
  }

  #fail(error: SendError): void {
    this.settle({ event_id: this.eventId, error });
  }

  get #place(): string {
    return this.url ? `${this.target} (${this.url})` : this.target;
  }

  get #own() {
    const { eventId: event_id, text } = this;
    return { event_id, readEvent: () => JSON.parse(text) as unknown };
  }
}
