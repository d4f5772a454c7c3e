import { ANY_TEXT, NOTHING, type Plan } from "./plan.ts";
import type { Item } from "./schema.ts";

/** Validations that look at a text's length alone: how many of its first characters decide. */
const LENGTHS: Readonly<Record<string, (requirement: number) => number>> = {
  empty: () => 1,
  non_empty: () => 1,
  min_length: (n) => n,
  min_bytes: (n) => n,
  min_code_points: (n) => 2 * n,
  max_length: (n) => n + 1,
  max_bytes: (n) => n + 1,
  max_code_points: (n) => 2 * n + 2,
  length: (n) => n + 1,
  bytes: (n) => n + 1,
  code_points: (n) => 2 * n + 2,
  not_length: (n) => n + 1,
  not_bytes: (n) => n + 1,
  not_code_points: (n) => 2 * n + 2,
};

/** Of these, the ones that a longer text always breaks. */
const BOUNDS = new Set(["empty", "max_length", "max_bytes", "max_code_points", "length", "bytes", "code_points"]);

/** Whether a validation looks at more of a value than how long it is. */
export function isReading({ type }: Item): boolean {
  return !Object.hasOwn(LENGTHS, type);
}

/**
 * Plans a string.
 *
 * @param actions what its pipes do with it
 * @param isSeen whether a check of a value around it reads it
 */
export function toTextPlan(actions: readonly Item[], isSeen: boolean): Plan {
  const needs = actions.flatMap((action) => toNeed(action) ?? []);
  const bounds = actions.filter(({ type }) => BOUNDS.has(type)).flatMap((action) => toNeed(action) ?? []);
  // Checks of a value around it must see all of it; its own need no more than what breaks its bound.
  if (isSeen) return ANY_TEXT;
  if (!actions.some(isReading)) return { ...NOTHING, text: Math.max(0, ...needs) };
  return bounds.length > 0 ? { ...ANY_TEXT, text: Math.min(...bounds) } : ANY_TEXT;
}

function toNeed({ type, requirement }: Item): number | undefined {
  return Object.hasOwn(LENGTHS, type) ? LENGTHS[type]?.(typeof requirement === "number" ? requirement : 0) : undefined;
}
