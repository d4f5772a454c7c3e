/** One second's answers. */
export interface LatencySecond {
  /** Seconds since the epoch. */
  readonly second: number;
  /** Milliseconds. */
  readonly median: number;
  readonly slowest: number;
}

/** The chart's width. */
export const SECONDS_KEPT = 60;

/** The latencies of one function's answers over the last minute. */
export class Latencies {
  #seconds: { readonly second: number; readonly values: number[] }[] = [];

  /** @param ms of an answer that has just come */
  add(ms: number, now = Date.now()): void {
    const second = Math.floor(now / 1000);
    const last = this.#seconds.at(-1);
    if (last?.second === second) last.values.push(ms);
    else this.#seconds = [...this.#within(second), { second, values: [ms] }];
  }

  /** @returns the seconds of the last minute in which there were answers, oldest first */
  read(now = Date.now()): LatencySecond[] {
    return this.#within(Math.floor(now / 1000)).map(({ second, values }) => {
      const sorted = [...values].sort((a, b) => a - b);
      return { second, median: sorted[sorted.length >> 1] ?? 0, slowest: sorted.at(-1) ?? 0 };
    });
  }

  #within(second: number) {
    return this.#seconds.filter((each) => each.second > second - SECONDS_KEPT);
  }
}
