import type { Attempt, Attempted } from "./attempt.ts";
import { type Entry, MAX_TIMER_MS } from "./entry.ts";
import type { FunctionName } from "./events.ts";
import { Flight } from "./flight.ts";
import { FunctionQueue, type NextRequest } from "./function-queue.ts";
import { Lane } from "./lane.ts";

export interface OutboxOptions {
  /** Requests to one function at once. */
  readonly maxRequests: number;
  readonly attemptTimeoutMs: number;
  /** Told of each request that leaves events to be sent again. */
  readonly onRetry?: ((entries: readonly Entry[], delayMs: number) => void) | undefined;
}

/**
 * Sends events so that each user's arrive in the order in which they were given: never two requests at once with events of
 * one user, whichever functions they are for.
 */
export class Outbox {
  readonly #lanes = new Map<unknown, Lane>();
  readonly #queues = new Map<FunctionName, FunctionQueue>();
  readonly #attempt: Attempt;
  readonly #options: OutboxOptions;
  #isSendingPlanned = false;

  constructor(attempt: Attempt, options: OutboxOptions) {
    this.#attempt = attempt;
    this.#options = options;
  }

  /**
   * Takes events to be sent, those of one user in this order and after what the user has waiting.
   *
   * @param areHeld whether they wait until they are released, or until a later event of their user may go
   */
  submit(entries: readonly Entry[], areHeld: boolean): void {
    for (const entry of entries) {
      const lane = this.#lanes.get(entry.user) ?? new Lane(entry.user);
      this.#lanes.set(entry.user, lane);
      lane.push(entry);
      entry.onSettled = () => {
        if (lane.rest?.entries.delete(entry) && lane.rest.entries.size === 0) this.#endRest(lane);
        this.#offer(lane);
      };
      entry.onLastChance = () => this.#giveLastChance(lane, entry);
      const { closedMs } = this.#queueOf(entry.target);
      if (closedMs > 0) entry.waitOut(closedMs);
    }
    if (!areHeld) this.release(entries);
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
    if (lane.flight || lane.rest) return;
    const { head, queued } = lane;
    if (queued && queued !== head) {
      this.#queueOf(queued.target).delete(lane);
      lane.queued = undefined;
    }
    if (!head) {
      this.#lanes.delete(lane.user);
    } else if (!lane.queued && lane.isFree(head)) {
      lane.queued = head;
      this.#queueOf(head.target).add(lane);
      this.#planSending();
    }
  }

  #queueOf(target: FunctionName): FunctionQueue {
    let queue = this.#queues.get(target);
    if (!queue) {
      queue = new FunctionQueue(this.#options.maxRequests, () => this.#planSending());
      this.#queues.set(target, queue);
    }
    return queue;
  }

  /** Once what is being said has been said: users who come together share a batch. */
  #planSending(): void {
    if (this.#isSendingPlanned) return;
    this.#isSendingPlanned = true;
    queueMicrotask(() => {
      this.#isSendingPlanned = false;
      for (const queue of this.#queues.values()) {
        for (let next = queue.next(); next; next = queue.next()) void this.#send(queue, next);
      }
    });
  }

  /** One attempt. What must be sent again stays in front of its user's events, which wait until then. */
  async #send(queue: FunctionQueue, { entries, lanes, end }: NextRequest): Promise<void> {
    const flight = new Flight(entries, this.#options.attemptTimeoutMs);
    for (const lane of lanes) Object.assign(lane, { flight, queued: undefined } satisfies Partial<Lane>);
    const attempted = await this.#attempt(flight);
    flight.end();
    end();
    const unsent = new Map<unknown, Entry[]>();
    for (const entry of entries) {
      entry.request = undefined;
      if (entry.isSettled) continue;
      const others = unsent.get(entry.user);
      if (others) others.push(entry);
      else unsent.set(entry.user, [entry]);
    }
    if (unsent.size > 0) this.#options.onRetry?.([...unsent.values()].flat(), attempted.delayMs);
    this.#leaveAlone(queue, attempted, entries);
    const resting = new Set<Lane>();
    for (const lane of lanes) {
      const open = (unsent.get(lane.user) ?? []).filter(({ isSettled }) => !isSettled);
      lane.flight = undefined;
      lane.isTroubled = unsent.has(lane.user) && unsent.size < lanes.length;
      if (open.length > 0 && attempted.delayMs > 0) {
        lane.rest = { entries: new Set(open), lanes: resting, timer: undefined };
        resting.add(lane);
      } else this.#offer(lane);
    }
    this.#startRest(resting, attempted.delayMs);
    this.#planSending();
  }

  /** Leaves a function alone that asked for it, or that did not stand its trial; who has no time to wait is given up. */
  #leaveAlone(queue: FunctionQueue, { delayMs, leaveAloneMs, isAnswered }: Attempted, [first]: readonly Entry[]): void {
    if (isAnswered && leaveAloneMs === 0) queue.reopen();
    const longerMs = queue.close(queue.isOnTrial ? Math.max(leaveAloneMs, delayMs) : leaveAloneMs);
    if (longerMs === 0) return;
    for (const lane of this.#lanes.values()) {
      for (const entry of lane) if (entry.target === first?.target && !entry.request) entry.waitOut(longerMs);
    }
  }

  /** Has users wait together, so that they share the next batch, too. */
  #startRest(lanes: ReadonlySet<Lane>, delayMs: number): void {
    if (lanes.size === 0) return;
    const wake = () => {
      for (const lane of lanes) {
        this.#endRest(lane);
        this.#offer(lane);
      }
    };
    const timer = setTimeout(wake, Math.min(delayMs, MAX_TIMER_MS));
    for (const { rest } of lanes) if (rest) rest.timer = timer;
  }

  #endRest(lane: Lane): void {
    const { rest } = lane;
    lane.rest = undefined;
    if (rest?.lanes.delete(lane) && rest.lanes.size === 0) clearTimeout(rest.timer);
  }

  /** The event's time passed while the process was frozen. */
  #giveLastChance(lane: Lane, entry: Entry): void {
    if (this.#queueOf(entry.target).closedMs > 0) {
      entry.giveUp();
      return;
    }
    lane.free(entry);
    if (lane.rest?.entries.has(entry)) this.#endRest(lane);
    this.#offer(lane);
  }
}
