/** The part of the limit that single events have beyond it, while batches take all of it. */
const SINGLE_SHARE = 0.1;

/** Counts the events that wait for Pub/Sub, and says when there are too many for one instance. */
export class InFlight {
  readonly #limit: number;
  #ofBatches = 0;
  #single = 0;

  /** @param limit `MAX_IN_FLIGHT` */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes a single event in. Batches alone never keep it out. @returns false when there is no room for it */
  takeOne(): boolean {
    const isFull = this.#ofBatches + this.#single >= this.#limit;
    if (isFull && this.#single >= this.#limit * SINGLE_SHARE) return false;
    this.#single++;
    return true;
  }

  /**
   * Takes a batch's events in, all or none. More than the limit are taken when nothing else is in flight: they would never
   * fit.
   *
   * @returns false when there is no room for them
   */
  takeBatch(events: number): boolean {
    const count = this.#ofBatches + this.#single;
    if (count > 0 && count + events > this.#limit) return false;
    this.#ofBatches += events;
    return true;
  }

  /** One event has its outcome. */
  release(isOfBatch: boolean): void {
    if (isOfBatch) this.#ofBatches--;
    else this.#single--;
  }
}
