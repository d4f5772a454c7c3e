import type { status } from "@grpc/grpc-js";
import type { PublishRequest } from "./protocol.ts";

/**
 * What goes wrong with one publish call:
 * - `error`: answered with this status code, nothing is stored;
 * - `delay`: answered normally, after so many milliseconds;
 * - `hang`: nothing is stored and no answer ever comes;
 * - `lost-answer`: the call is carried out, but instead of its answer the caller hears UNAVAILABLE, or nothing at all;
 * - `drop`: its connection ends.
 */
export type Fault =
  | { kind: "error"; code: status; details?: string }
  | { kind: "delay"; ms: number }
  | { kind: "hang" }
  | { kind: "lost-answer"; caller: "unavailable" | "hang" }
  | { kind: "drop" };

/** Decides for one publish call whether it fails, and how. */
export type FaultRule = (request: PublishRequest) => Fault | undefined;

/** The faults that publish calls are to meet. */
export class Faults {
  readonly #rules = new Set<FaultRule>();

  /**
   * Asks this rule about every publish call from now on; of several rules the oldest that answers wins.
   *
   * @returns a function that takes the rule away again
   */
  use(rule: FaultRule): () => void {
    this.#rules.add(rule);
    return () => this.#rules.delete(rule);
  }

  /** Shows this fault on the next `count` publish calls. */
  next(count: number, fault: Fault): void {
    let left = count;
    const remove = this.use(() => {
      left -= 1;
      if (left <= 0) remove();
      return fault;
    });
  }

  /** Answers the next `count` publish calls with this status code. */
  failNext(count: number, code: status): void {
    this.next(count, { kind: "error", code });
  }

  /** Shows this fault on every `n`th publish call, the first of them `n` calls from now. */
  every(n: number, fault: Fault): () => void {
    let calls = 0;
    return this.use(() => {
      calls += 1;
      return calls % n === 0 ? fault : undefined;
    });
  }

  /** Forgets all faults. */
  clear(): void {
    this.#rules.clear();
  }

  /** The fault of this call, if it has one. */
  take(request: PublishRequest): Fault | undefined {
    for (const rule of this.#rules) {
      const fault = rule(request);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
}
