import type { Attempt } from "./attempt.ts";
import { Batch } from "./batch.ts";
import type { Entry } from "./entry.ts";
import type { FunctionName } from "./events.ts";
import { MAX_TIMER_MS } from "./limit-time.ts";

/** Batches to one function at once: what comes meanwhile makes the next ones larger. */
const MAX_OPEN_BATCHES = 4;

/** The events of one user that wait, in order. */
interface Lane {
  readonly user: unknown;
  waiting: Entry[];
  /** Whether some of its events are in a request, or rest before they are sent again: the later ones wait. */
  isBusy: boolean;
}

/** Batches of one function. */
interface Dock {
  /** Lanes that are free and whose next event is for this function, in turn. */
  readonly lanes: Set<Lane>;
  open: number;
}

/** Sends events so that each user's arrive in order: never two requests at once with events of one user. */
export class Outbox {
  readonly #lanes = new Map<unknown, Lane>();
  readonly #docks = new Map<FunctionName, Dock>();
  readonly #attempt: Attempt;
  #isLoadingPlanned = false;

  constructor(attempt: Attempt) {
    this.#attempt = attempt;
  }

  /** Takes events to be sent, those of one user in this order and after what the user has under way. */
  submit(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.isSettled) continue;
      const lane = this.#lanes.get(entry.user) ?? { user: entry.user, waiting: [], isBusy: false };
      this.#lanes.set(entry.user, lane);
      lane.waiting.push(entry);
      if (!lane.isBusy && lane.waiting.length === 1) this.#offer(lane);
    }
  }

  /** Has a free lane's next event sent: alone at once, else with the next batch. */
  #offer(lane: Lane): void {
    lane.isBusy = false;
    lane.waiting = lane.waiting.filter(({ isSettled }) => !isSettled);
    const [next] = lane.waiting;
    if (next === undefined) {
      this.#lanes.delete(lane.user);
    } else if (next.limits === undefined) {
      this.#take(lane, 1);
      void this.#carry([next], [lane]);
    } else {
      this.#dockOf(next.target).lanes.add(lane);
      this.#planLoading();
    }
  }

  #take(lane: Lane, count: number): void {
    lane.waiting.splice(0, count);
    lane.isBusy = true;
  }

  #dockOf(target: FunctionName): Dock {
    const dock = this.#docks.get(target) ?? { lanes: new Set(), open: 0 };
    this.#docks.set(target, dock);
    return dock;
  }

  /** Once what is being said has been said: lanes that come free together share a batch. */
  #planLoading(): void {
    if (this.#isLoadingPlanned) return;
    this.#isLoadingPlanned = true;
    queueMicrotask(() => {
      this.#isLoadingPlanned = false;
      for (const dock of this.#docks.values()) while (dock.open < MAX_OPEN_BATCHES && this.#load(dock));
    });
  }

  /** Fills one batch and sends it. @returns whether there was anything to send */
  #load(dock: Dock): boolean {
    const batch = new Batch();
    const lanes: Lane[] = [];
    for (const lane of dock.lanes) {
      if (lane.waiting.some(({ isSettled }) => isSettled)) {
        dock.lanes.delete(lane);
        this.#offer(lane);
        continue;
      }
      const count = batch.take(lane.waiting);
      if (batch.isFull && count === 0) break;
      if (count === 0) continue;
      dock.lanes.delete(lane);
      this.#take(lane, count);
      lanes.push(lane);
      if (batch.isFull) break;
    }
    if (lanes.length === 0) return false;
    dock.open++;
    void this.#carry(batch.entries, lanes).then(() => {
      dock.open--;
      this.#planLoading();
    });
    return true;
  }

  /** One attempt; what must be sent again goes to the front of its lane, which rests until then. */
  async #carry(entries: readonly Entry[], lanes: readonly Lane[]): Promise<void> {
    const { again, delayMs } = await this.#attempt(entries);
    const byUser = new Map<unknown, Entry[]>(lanes.map(({ user }) => [user, []]));
    for (const entry of again) byUser.get(entry.user)?.push(entry);
    const resting: Lane[] = [];
    for (const lane of lanes) {
      const unsent = byUser.get(lane.user) ?? [];
      if (unsent.length > 0) resting.push(lane);
      lane.waiting = [...unsent, ...lane.waiting];
      if (unsent.length === 0) this.#offer(lane);
    }
    if (resting.length === 0) return;
    const wake = () => {
      for (const lane of resting) this.#offer(lane);
    };
    setTimeout(wake, Math.min(delayMs, MAX_TIMER_MS));
  }
}
