import type { ClientOptions } from "./api.ts";
import type { Attempt, Attempted } from "./attempt.ts";
import type { Entry } from "./entry.ts";
import { callBack } from "./errors.ts";
import type { FunctionName } from "./events.ts";
import { FunctionQueue, type NextRequest } from "./function-queue.ts";
import { Hold } from "./hold.ts";
import { Lane } from "./lane.ts";

export interface OutboxOptions extends Pick<ClientOptions, "onRetry"> {
  readonly maxRequests: number;
  readonly attemptTimeoutMs: number;
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
      entry.onSettled = () => this.#offer(lane);
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
    const { head, queued, request } = lane;
    if (request || head?.hold) return;
    if (queued && queued !== head) {
      this.#queueOf(queued.target).delete(lane);
      lane.queued = undefined;
    }
    if (!head) {
      this.#lanes.delete(lane.user);
    } else if (!lane.queued && lane.isFree(head)) {
      lane.queued = head;
      this.#queueOf(head.target).lanes.add(lane);
      this.#planSending();
    }
  }

  #queueOf(target: FunctionName): FunctionQueue {
    const queue = this.#queues.get(target) ?? new FunctionQueue(this.#options.maxRequests, () => this.#planSending());
    this.#queues.set(target, queue);
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
  async #send(queue: FunctionQueue, { entries, lanes }: NextRequest): Promise<void> {
    const { attemptTimeoutMs } = this.#options;
    queue.open++;
    const controller = new AbortController();
    const abortFor = (reason: string) => () => controller.abort(new Error(reason));
    const onTimeout = abortFor(`nothing came within ${attemptTimeoutMs} ms`);
    const request = new Hold(entries, attemptTimeoutMs, onTimeout, abortFor("nobody waits for the answer"));
    for (const lane of lanes) Object.assign(lane, { request, queued: undefined } satisfies Partial<Lane>);
    for (const entry of entries) entry.beginAttempt();
    const attempted = await this.#attempt({ entries, signal: controller.signal, onAnswer: () => request.end() });
    queue.open--;
    for (const entry of entries) entry.hold = undefined;
    for (const lane of lanes) lane.request = undefined;
    const open = entries.filter(({ isSettled }) => !isSettled);
    const users = new Set(open.map(({ user }) => user));
    this.#tell(open, attempted.delayMs);
    this.#leaveAlone(queue, attempted, entries);
    this.#rest(open, attempted.delayMs);
    for (const lane of lanes) {
      lane.isTroubled = users.has(lane.user) && users.size < lanes.length;
      this.#offer(lane);
    }
    this.#planSending();
  }

  #tell(entries: readonly Entry[], delayMs: number): void {
    const [first] = entries;
    const { onRetry } = this.#options;
    if (!first || !onRetry) return;
    const { target, attempts, last, cause } = first;
    const event_ids = entries.map(({ eventId }) => eventId);
    void callBack(() => onRetry({ function: target, event_ids, attempts, delayMs, ...last, cause }));
  }

  /** Leaves a function alone that asked for it, or that did not stand its trial; who has no time to wait is given up. */
  #leaveAlone(queue: FunctionQueue, { delayMs, leaveAloneMs, isAnswered }: Attempted, [first]: readonly Entry[]): void {
    if (isAnswered && leaveAloneMs === 0) queue.isOnTrial = false;
    const longerMs = queue.close(queue.isOnTrial ? Math.max(leaveAloneMs, delayMs) : leaveAloneMs);
    if (longerMs === 0) return;
    for (const lane of this.#lanes.values()) {
      for (const entry of lane) {
        const isUnderWay = lane.request !== undefined && entry.hold === lane.request;
        if (entry.target === first?.target && !isUnderWay) entry.waitOut(longerMs);
      }
    }
  }

  /** Has events wait before they are sent again; users who wait together share the next batch, too. */
  #rest(entries: readonly Entry[], delayMs: number): void {
    const resting = entries.filter(({ isSettled }) => !isSettled);
    if (resting.length === 0 || delayMs === 0) return;
    const wake = () => {
      for (const entry of resting) entry.hold = undefined;
      this.release(resting);
    };
    new Hold(resting, delayMs, wake, () => {});
  }

  /** The event's time passed while the process was frozen. */
  #giveLastChance(lane: Lane, entry: Entry): void {
    if (this.#queueOf(entry.target).closedMs > 0) {
      entry.giveUp();
      return;
    }
    if (!lane.request) entry.hold = undefined;
    this.release([entry]);
  }
}
