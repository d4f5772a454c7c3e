import type { Deliverer, Line } from "./deliver.ts";
import { isRetryable, isTimeout, toEnded, toExhausted, toRejected } from "./failure.ts";
import type { PublishRequest } from "./grpc/codec.ts";
import { Sending } from "./grpc/sending.ts";
import { CallError } from "./grpc/status.ts";

const FIRST_BACKOFF_MS = 50;
const LONGEST_BACKOFF_MS = 1000;

/** An attempt that has not ended. */
interface Attempt {
  readonly line: Line;
  readonly sending: Sending;
}

/**
 * One publish request's way to its outcome, within its budget.
 *
 * An attempt that stays unanswered asks its connection by a PING. One that died while the instance was frozen never
 * reports an error: it is given up, and its calls move to a new one at once. On a live one Pub/Sub is slow; then a second
 * attempt joins the first (https://research.google/pubs/the-tail-at-scale/), but for one call in ten at most: more
 * would double the load of a Pub/Sub that is slow because it is overloaded. The first answer counts, and what is left is
 * cancelled. An error counts once no other attempt is open.
 */
export class Delivery {
  readonly #deliverer: Deliverer;
  readonly #request: PublishRequest;
  readonly #deadline: number;
  readonly #resolve: (messageIds: readonly string[]) => void;
  readonly #reject: (failure: unknown) => void;
  readonly #open: Attempt[] = [];
  /** `performance.now()` since when a sign of life counts. */
  #since = 0;
  #retries = 0;
  #isHedged = false;
  #isSettled = false;
  #finalError: CallError | undefined;
  #lastAnswer: CallError | undefined;
  /** The one thing that happens next unless an answer comes: a look at the connection, another attempt, or the end. */
  #next: NodeJS.Timeout | undefined;

  /** @param deadline milliseconds of `performance.now()` */
  constructor(
    deliverer: Deliverer,
    request: PublishRequest,
    deadline: number,
    resolve: (messageIds: readonly string[]) => void,
    reject: (failure: unknown) => void,
  ) {
    this.#deliverer = deliverer;
    this.#request = request;
    this.#deadline = deadline;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Sends the request once more. */
  attempt(): void {
    if (this.#deliverer.isClosed) this.#fail(toEnded());
    // Waiting behind a slow request may have taken the whole budget: nothing must leave late.
    else if (performance.now() >= this.#deadline) this.#giveUp();
    else this.#send();
  }

  #send(): void {
    const current = { line: this.#deliverer.call(), sending: new Sending() };
    this.#open.push(current);
    this.#since = performance.now();
    this.#wait();
    current.line.publish(this.#request, current.sending).then(
      (messageIds) => {
        if (!this.#take(current)) return;
        this.#settle();
        this.#resolve(messageIds);
      },
      (error: unknown) => {
        if (this.#take(current)) this.#onError(error, current.line);
      },
    );
  }

  #wait(): void {
    // After a freeze the deadline may be behind us, and Node warns of a negative time.
    const left = Math.max(0, this.#deadline - performance.now());
    const { patienceMs } = this.#deliverer;
    this.#next =
      left > patienceMs ? setTimeout(() => this.#look(), patienceMs) : setTimeout(() => this.#giveUp(), left);
  }

  async #look(): Promise<void> {
    const { line, sending } = this.#open.at(-1) as Attempt;
    const isAlive = line.isAlive(this.#since);
    this.#since = performance.now();
    this.#wait();
    if (!(await isAlive)) {
      this.#deliverer.replace(line);
      line.close();
    } else if (this.#open.at(-1)?.sending === sending && sending.isSent) this.#hedge();
  }

  #hedge(): void {
    if (this.#isHedged || !this.#deliverer.mayHedge) return;
    this.#isHedged = true;
    clearTimeout(this.#next);
    this.attempt();
    this.#deliverer.noteHedge();
  }

  #onError(error: unknown, line: Line): void {
    if (!(error instanceof CallError)) {
      this.#fail(error);
      return;
    }
    // What a dead connection says when it is given up is no answer.
    if (!line.isClosed) {
      if (!isRetryable(error)) this.#finalError ??= error;
      else if (!isTimeout(error)) this.#lastAnswer = error;
      if (line.isSilent) this.#deliverer.replace(line);
    }
    if (this.#open.length > 0) return;
    if (this.#finalError) this.#giveUp();
    else this.#retry(line);
  }

  /** @param line that of the attempt that failed */
  #retry(line: Line): void {
    clearTimeout(this.#next);
    const backoff = line.isClosed ? 0 : toBackoff(this.#retries++);
    if (backoff === 0) this.attempt();
    else if (performance.now() + backoff >= this.#deadline) this.#giveUp();
    else this.#next = setTimeout(() => this.attempt(), backoff);
  }

  /** @returns false when the outcome is there by now */
  #take(attempt: Attempt): boolean {
    if (this.#isSettled) return false;
    this.#open.splice(this.#open.indexOf(attempt), 1);
    return true;
  }

  #giveUp(): void {
    for (const { line } of this.#open) if (line.isSilent) this.#deliverer.replace(line);
    this.#fail(this.#finalError ? toRejected(this.#finalError) : toExhausted(this.#lastAnswer));
  }

  #fail(failure: unknown): void {
    this.#settle();
    this.#reject(failure);
  }

  #settle(): void {
    this.#isSettled = true;
    clearTimeout(this.#next);
    for (const { sending } of this.#open.splice(0)) sending.cancel();
  }
}

/** Exponential with jitter, so that the users of a fault do not return as one. */
function toBackoff(retries: number): number {
  const longest = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** retries);
  return longest * (0.5 + Math.random() / 2);
}
