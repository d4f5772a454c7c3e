import type { Connection } from "./connection.ts";
import { isRetryable, isTimeout, toEnded, toExhausted, toRejected } from "./failure.ts";
import type { PublishRequest } from "./grpc/codec.ts";
import { Sending } from "./grpc/sending.ts";
import { CallError } from "./grpc/status.ts";

const FIRST_BACKOFF_MS = 50;
const LONGEST_BACKOFF_MS = 1000;

/** Of this many calls one may be joined by a second attempt. */
const CALLS_PER_HEDGE = 10;

/** What a {@link Deliverer} knows of a connection. */
export type Line = Pick<Connection, "publish" | "isAlive" | "isSilent" | "isClosed" | "retire" | "close" | "warmUp">;

/** An attempt that has not ended. */
interface Attempt {
  readonly line: Line;
  readonly sending: Sending;
}

/** Delivers publish requests, each within its budget, over the one connection that works. */
export class Deliverer {
  readonly #open: () => Line;
  readonly #patienceMs: number;
  #line: Line | undefined;
  #callsSinceHedge = 0;
  #isClosed = false;

  /**
   * @param open makes a connection, which connects at its first use
   * @param patienceMs milliseconds to wait for an answer before the connection is asked whether it is alive
   */
  constructor(open: () => Line, patienceMs: number) {
    this.#open = open;
    this.#patienceMs = patienceMs;
  }

  /** Connects ahead of the first delivery. */
  warmUp(): void {
    void this.#current().warmUp();
  }

  /** Ends the connection, and fails what comes after that. */
  close(): void {
    this.#isClosed = true;
    this.#line?.close();
  }

  /**
   * Delivers messages of one ordering key in one publish request, retrying what can be retried.
   *
   * An attempt that stays unanswered asks its connection by a PING. One that died while the instance was frozen never
   * reports an error: it is given up, and its calls move to a new one at once. On a live one Pub/Sub is slow; then a second
   * attempt joins the first (https://research.google/pubs/the-tail-at-scale/), but for one call in ten at most: more
   * would double the load of a Pub/Sub that is slow because it is overloaded. The first answer counts, and what is left is
   * cancelled. An error counts once no other attempt is open.
   *
   * @param deadline milliseconds of `performance.now()`; no attempt outlives it
   * @returns the message ids, in the messages' order
   * @throws {PublishFailure} publish_rejected or misconfigured at once; publish_unavailable or publish_timeout when the
   *   budget is spent
   */
  deliver(request: PublishRequest, deadline: number): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      const open: Attempt[] = [];
      /** `performance.now()` since when a sign of life counts. */
      let since = 0;
      let retries = 0;
      let isHedged = false;
      let isSettled = false;
      let finalError: CallError | undefined;
      let lastAnswer: CallError | undefined;
      /** The one thing that happens next unless an answer comes: a look at the connection, another attempt, or the end. */
      let next: NodeJS.Timeout | undefined;

      const settle = () => {
        isSettled = true;
        clearTimeout(next);
        for (const { sending } of open.splice(0)) sending.cancel();
      };
      const fail = (failure: unknown) => {
        settle();
        reject(failure);
      };
      const giveUp = () => {
        for (const { line } of open) if (line.isSilent) this.#replace(line);
        fail(finalError ? toRejected(finalError) : toExhausted(lastAnswer));
      };
      const wait = () => {
        // After a freeze the deadline may be behind us, and Node warns of a negative time.
        const left = Math.max(0, deadline - performance.now());
        next = left > this.#patienceMs ? setTimeout(look, this.#patienceMs) : setTimeout(giveUp, left);
      };
      const look = async () => {
        const { line, sending } = open.at(-1) as Attempt;
        const isAlive = line.isAlive(since);
        since = performance.now();
        wait();
        if (!(await isAlive)) this.#replace(line).close();
        else if (
          open.at(-1)?.sending === sending &&
          sending.isSent &&
          !isHedged &&
          this.#callsSinceHedge >= CALLS_PER_HEDGE
        ) {
          isHedged = true;
          clearTimeout(next);
          attempt();
          this.#callsSinceHedge = 0;
        }
      };
      const attempt = () => {
        if (this.#isClosed) return fail(toEnded());
        // Waiting behind a slow request may have taken the whole budget: nothing must leave late.
        if (performance.now() >= deadline) return giveUp();
        const current = { line: this.#current(), sending: new Sending() };
        open.push(current);
        this.#callsSinceHedge++;
        since = performance.now();
        wait();
        current.line.publish(request, current.sending).then(
          (messageIds) => {
            if (isSettled) return;
            open.splice(open.indexOf(current), 1);
            settle();
            resolve(messageIds);
          },
          (error: unknown) => {
            if (isSettled) return;
            open.splice(open.indexOf(current), 1);
            onError(error, current.line);
          },
        );
      };
      const onError = (error: unknown, line: Line) => {
        if (!(error instanceof CallError)) return fail(error);
        // What a dead connection says when it is given up is no answer.
        if (!line.isClosed) {
          if (!isRetryable(error)) finalError ??= error;
          else if (!isTimeout(error)) lastAnswer = error;
          if (line.isSilent) this.#replace(line);
        }
        if (open.length > 0) return;
        if (finalError) return giveUp();
        clearTimeout(next);
        const backoff = line.isClosed ? 0 : toBackoff(retries++);
        if (backoff === 0) attempt();
        else if (performance.now() + backoff >= deadline) giveUp();
        else next = setTimeout(attempt, backoff);
      };
      attempt();
    });
  }

  #current(): Line {
    this.#line ??= this.#open();
    return this.#line;
  }

  /** Has new attempts use another connection; this one ends with those that it has. */
  #replace(line: Line): Line {
    if (this.#line === line) this.#line = undefined;
    line.retire();
    return line;
  }
}

/** Exponential with jitter, so that the users of a fault do not return as one. */
function toBackoff(retries: number): number {
  const longest = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** retries);
  return longest * (0.5 + Math.random() / 2);
}
