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

/** What a part found. */
export interface PartResult {
  /** The medians, for the JSON file and the plot. */
  readonly figures: unknown;
  readonly tables: readonly Table[];
  readonly targets: readonly Target[];
}

/** One part of the benchmark, which can be run by itself. */
export type Part = (context: BenchContext) => Promise<PartResult>;
