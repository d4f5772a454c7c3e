import type { Load } from "./load/load.ts";
import type { BrokerProcess } from "./processes/broker.ts";
import type { SecureFront } from "./processes/secure-front.ts";

/** @returns the middle value, the lower one of the two where the count is even */
export function median(values: readonly number[]): number {
  const middle = [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
  if (middle === undefined) throw new Error("There is no median of nothing.");
  return middle;
}

/** @returns for each member the median of it over all rounds */
export function medianOfEach<T extends { readonly [TKey in keyof T]: number }>(rounds: readonly T[]): T {
  const keys = Object.keys(rounds[0] ?? {}) as (keyof T)[];
  return Object.fromEntries(keys.map((key) => [key, median(rounds.map((round) => round[key]))])) as T;
}

/** What every part of the benchmark works with. */
export interface BenchContext {
  readonly project: string;
  /** How often each contender's turn comes. */
  readonly rounds: number;
  /** Events over which the memory of ours is watched. */
  readonly memoryEvents: number;
  readonly broker: BrokerProcess;
  /** TLS before the broker, and a metadata server. */
  readonly secure: SecureFront;
  readonly load: Load;
  /** Tells the reader at the terminal what is being measured. */
  tell(line: string): void;
}

/** The parts of the benchmark, in the order in which they run. */
export const partNames = ["cpu", "fresh", "cold", "memory", "size", "batch", "payload", "client", "flatness"] as const;

export type PartName = (typeof partNames)[number];

/** A table for the terminal and the README. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** One figure beside what it should be. */
export interface Target {
  readonly name: string;
  readonly value: number;
  readonly atMost: number;
  readonly unit?: string;
}

/** A bar chart: one bar a contender, in the order of the tables. */
export interface Panel {
  readonly title: string;
  readonly values: readonly number[];
}

/** What a part found. */
export interface PartResult {
  /** The medians, for the JSON file. */
  readonly figures: unknown;
  readonly tables: readonly Table[];
  readonly targets: readonly Target[];
  /** What `--plot` draws of it. */
  readonly panels?: readonly Panel[];
}

/** One part of the benchmark, which can be run by itself. */
export type Part = (context: BenchContext) => Promise<PartResult>;
