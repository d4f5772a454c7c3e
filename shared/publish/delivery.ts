import { isRetryable, toEnded, toExhausted, toRejected } from "./failure.ts";
import type { PublishRequest } from "./grpc/codec.ts";
import { Sending } from "./grpc/sending.ts";
import { CallError, Status } from "./grpc/status.ts";
import type { Line, LineConnection } from "./lines.ts";

const FIRST_BACKOFF_MS = 50;
const LONGEST_BACKOFF_MS = 1000;

/** An attempt that has not ended. */
interface Attempt {
  readonly connection: LineConnection;
  readonly sending: Sending;
}

/**
 * Delivers messages of one ordering key in one publish request, retrying what can be retried.
 *
 * @param deadline milliseconds of `performance.now()`; no attempt outlives it
 * @param patienceMs milliseconds to wait for an answer before the connection is asked whether it is alive
 * @returns the message ids, in the messages' order
 * @throws {PublishFailure} publish_rejected or misconfigured at once; publish_unavailable or publish_timeout when the budget
 *   is spent
 */
export function deliver(
  line: Line,
  request: PublishRequest,
  deadline: number,
  patienceMs: number,
): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    new Delivery(line, request, deadline, patienceMs, { resolve, reject }).attempt();
  });
}

/** What waits for a delivery. */
interface Outcome {
  readonly resolve: (messageIds: readonly string[]) => void;
  readonly reject: (failure: unknown) => void;
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
class Delivery {
  readonly #line: Line;
  readonly #request: PublishRequest;
  readonly #deadline: number;
  readonly #patienceMs: number;
  readonly #outcome: Outcome;
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

  constructor(line: Line, request: PublishRequest, deadline: number, patienceMs: number, outcome: Outcome) {
    this.#line = line;
    this.#request = request;
    this.#deadline = deadline;
    this.#patienceMs = patienceMs;
    this.#outcome = outcome;
    line.deliveries++;
  }

  /** Sends the request once more. */
  attempt(): void {
    if (this.#line.isClosed) this.#fail(toEnded());
    // Waiting behind a slow request may have taken the whole budget: nothing must leave late.
    else if (performance.now() >= this.#deadline) this.#giveUp();
    else this.#send();
  }

  #send(): void {
    const current = { connection: this.#line.call(), sending: new Sending() };
    this.#open.push(current);
    this.#since = performance.now();
    this.#wait();
    current.connection.publish(this.#request, current.sending).then(
      (messageIds) => {
        if (!this.#take(current)) return;
        this.#settle();
        this.#outcome.resolve(messageIds);
      },
      (error: unknown) => {
        if (this.#take(current)) this.#onError(error, current.connection);
      },
    );
  }

  #wait(): void {
    // After a freeze the deadline may be behind us, and Node warns of a negative time.
    const left = Math.max(0, this.#deadline - performance.now());
    const mayLook = left > this.#patienceMs;
    this.#next = mayLook ? setTimeout(() => this.#look(), this.#patienceMs) : setTimeout(() => this.#giveUp(), left);
  }

  async #look(): Promise<void> {
    const { connection, sending } = this.#open.at(-1) as Attempt;
    const isAlive = connection.isAlive(this.#since);
    this.#since = performance.now();
    this.#wait();
    if (!(await isAlive)) {
      this.#line.replace(connection);
      connection.close();
    } else if (this.#open.at(-1)?.sending === sending && sending.isSent) this.#hedge();
  }

  #hedge(): void {
    if (this.#isHedged || !this.#line.takeHedge()) return;
    this.#isHedged = true;
    clearTimeout(this.#next);
    this.attempt();
  }

  #onError(error: unknown, connection: LineConnection): void {
    if (!(error instanceof CallError)) {
      this.#fail(error);
      return;
    }
    // What a dead connection says when it is given up is no answer.
    if (!connection.isClosed) {
      if (!isRetryable(error)) this.#finalError ??= error;
      else if (error.code !== Status.DEADLINE_EXCEEDED) this.#lastAnswer = error;
      if (connection.isSilent) this.#line.replace(connection);
    }
    if (this.#open.length > 0) return;
    if (this.#finalError) this.#giveUp();
    else this.#retry(connection);
  }

  /** @param connection that of the attempt that failed */
  #retry(connection: LineConnection): void {
    clearTimeout(this.#next);
    const backoff = connection.isClosed ? 0 : toBackoff(this.#retries++);
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
    for (const { connection } of this.#open) if (connection.isSilent) this.#line.replace(connection);
    this.#fail(this.#finalError ? toRejected(this.#finalError) : toExhausted(this.#lastAnswer));
  }

  #fail(failure: unknown): void {
    this.#settle();
    this.#outcome.reject(failure);
  }

  #settle(): void {
    this.#isSettled = true;
    this.#line.deliveries--;
    clearTimeout(this.#next);
    for (const { sending } of this.#open.splice(0)) sending.cancel();
  }
}

/** Exponential with jitter, so that the users of a fault do not return as one. */
function toBackoff(retries: number): number {
  const longest = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** retries);
  return longest * (0.5 + Math.random() / 2);
}
