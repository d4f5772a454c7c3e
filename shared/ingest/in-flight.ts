/** Counts the events that wait for Pub/Sub, and says when there are too many for one instance. */
export class InFlight {
  readonly #limit: number;
  #count = 0;

  /** @param limit `MAX_IN_FLIGHT` */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Takes events in, all or none. More than the limit are taken when nothing else is in flight: they would never fit.
   *
   * @returns false when there is no room for them
   */
  take(events: number): boolean {
    if (this.#count > 0 && this.#count + events > this.#limit) return false;
    this.#count += events;
    return true;
  }

  /** One event has its outcome. */
  release(): void {
    this.#count--;
  }
}
