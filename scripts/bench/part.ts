import type { BenchContext } from "./bench-context.ts";

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
