import type { ClientOptions } from "./api.ts";
import type { Attempt, Attempted } from "./attempt.ts";
import type { Batch } from "./batch.ts";
import type { Entry } from "./entry.ts";
import { callBack } from "./errors.ts";
import type { FunctionName } from "./events.ts";
import { FunctionQueue } from "./function-queue.ts";
import { Hold } from "./hold.ts";
import { Lane } from "./lane.ts";

export type OutboxOptions = Pick<ClientOptions, "maxRequests" | "onRetry">;

/** Measured with answers after 50 ms: 419 events a second, 357 with 32 requests at once, 227 with 128. */
const MAX_REQUESTS = 64;

/**
 * Sends events so that each user's arrive in the order in which they were given: never two requests at once with events of
 * one user, whichever functions they are for.
 */
export class Outbox {
  readonly #lanes = new Map<string | symbol, Lane>();
  readonly #queues = new Map<FunctionName, FunctionQueue>();
  readonly #attempt: Attempt;
  readonly #options: OutboxOptions;
  #isSendingPlanned = false;

  constructor(attempt: Attempt, options: OutboxOptions = {}) {
    this.#attempt = attempt;
    this.#options = options;
  }

  /**
   * Takes an event to be sent, after those that its user has waiting.
   *
   * @param isHeld whether it waits until it is released, or until a later event of its user may go
   */
  submit(entry: Entry, isHeld: boolean): void {
    const lane = this.#lanes.get(entry.user) ?? new Lane(entry.user);
    this.#lanes.set(entry.user, lane);
    lane.push(entry);
    const queue = this.#queueOf(entry.target);
    entry.onSettled = () => {
      lane.delete(entry);
      queue.delete(lane);
      this.#offer(lane);
    };
    if (queue.closedMs > 0) entry.waitOut(queue.closedMs);
    if (!isHeld) this.release([entry]);
  }

  /** Lets events go that are held. */
  release(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const lane = this.#lanes.get(entry.user);
      if (entry.isSettled || !lane) continue;
      lane.free(entry);
      this.#offer(lane);
    }
  }

  /** Has a user's next event sent, unless one is under way, or waits before it is sent again. */
  #offer(lane: Lane): void {
    const { head } = lane;
    if (lane.isUnderWay || head?.hold) return;
    if (!head) {
      this.#lanes.delete(lane.user);
    } else if (!head.isHeld) {
      this.#queueOf(head.target).lanes.add(lane);
      this.#planSending();
    }
  }

  #queueOf(target: FunctionName): FunctionQueue {
    const { maxRequests = MAX_REQUESTS } = this.#options;
    const queue = this.#queues.get(target) ?? new FunctionQueue(maxRequests, () => this.#planSending());
    this.#queues.set(target, queue);
    return queue;
  }

  /** Once what is being said has been said: users who come together share a batch. */
  #planSending(): void {
    if (this.#isSendingPlanned) return;
    this.#isSendingPlanned = true;
    // Not queueMicrotask, which Jest's fake timers hold back.
    void Promise.resolve().then(() => {
      this.#isSendingPlanned = false;
      for (const queue of this.#queues.values()) {
        for (let next = queue.next(); next; next = queue.next()) void this.#send(queue, next);
      }
    });
  }

  /** One attempt. What must be sent again stays in front of its user's events, which wait until then. */
  async #send(queue: FunctionQueue, { entries, lanes }: Batch): Promise<void> {
    queue.open++;
    for (const entry of entries) entry.beginAttempt();
    const attempted = await this.#attempt(entries);
    queue.open--;
    this.#leaveAlone(queue, attempted);
    const open = entries.filter(({ isSettled }) => !isSettled);
    this.#sendAgain(open, attempted.delayMs);
    const users = new Set(open.map(({ user }) => user));
    for (const lane of lanes) {
      lane.isTroubled = users.has(lane.user) && users.size < lanes.length;
      lane.isUnderWay = false;
      this.#offer(lane);
    }
    this.#planSending();
  }

  /** Leaves a function alone that asked for it, or that did not stand its trial; who has no time to wait is given up. */
  #leaveAlone(queue: FunctionQueue, { delayMs, leaveAloneMs, isAnswered }: Attempted): void {
    if (isAnswered && leaveAloneMs === 0) queue.isOnTrial = false;
    const longerMs = queue.close(queue.isOnTrial ? Math.max(leaveAloneMs, delayMs) : leaveAloneMs);
    if (longerMs === 0) return;
    for (const lane of this.#lanes.values()) {
      for (const entry of lane) {
        const isInRequest = lane.isUnderWay && entry.hold !== undefined;
        if (this.#queueOf(entry.target) === queue && !isInRequest) entry.waitOut(longerMs);
      }
    }
  }

  /** Has events wait before they are sent again; users who wait together share the next batch, too. */
  #sendAgain(entries: readonly Entry[], delayMs: number): void {
    const [first] = entries;
    if (!first) return;
    const { onRetry } = this.#options;
    const { target, attempts, last, cause } = first;
    const event_ids = entries.map(({ eventId }) => eventId);
    new Hold(entries, delayMs, () => this.release(entries));
    if (onRetry) void callBack(() => onRetry({ function: target, event_ids, attempts, delayMs, ...last, cause }));
  }
}
