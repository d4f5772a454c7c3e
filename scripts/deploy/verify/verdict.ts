/** What a function promises, in the order in which it is checked. */
export const promises = {
  health: "GET /health answers ok",
  contract: "its contract is this tree's",
  refusal: "an event without user_id is refused: 422, invalid_event",
  accepted: "valid events are answered 202, alone and in a batch",
  arrival: "what was answered 202 arrives within 30 s, under its message id",
  bytes: "the bytes that were sent arrive",
  key: "the ordering key is the user's",
  attributes: "the attributes are those of the event",
  order: "the events of a user arrive in their order",
} as const;

export type PromiseName = keyof typeof promises;

/** What was found out about one function. */
export class Verdict {
  readonly #faults = new Map<PromiseName, string[]>();

  /** Publish to arrival, in milliseconds. */
  readonly latencies: number[] = [];

  /** Notes a fault, where there is one. */
  note(promise: PromiseName, fault: string | undefined): void {
    if (fault === undefined) return;
    this.#faults.set(promise, [...(this.#faults.get(promise) ?? []), fault]);
  }

  get isKept(): boolean {
    return this.#faults.size === 0;
  }

  /** One line a promise, and one with the latencies. */
  toLines(): string[] {
    const lines = Object.entries(promises).map(([name, text]) => {
      const faults = this.#faults.get(name as PromiseName) ?? [];
      if (faults.length === 0) return `ok      ${text}`;
      return `BROKEN  ${text}: ${faults[0]}${faults.length > 1 ? ` (and ${faults.length - 1} more)` : ""}`;
    });
    const sorted = this.latencies.toSorted((a, b) => a - b);
    if (sorted.length === 0) return lines;
    const [p50, max] = [sorted[Math.floor(sorted.length / 2)] ?? 0, sorted.at(-1) ?? 0];
    return [...lines, `publish → arrival: p50 ${Math.round(p50)} ms, max ${Math.round(max)} ms`];
  }
}
