import { toCanonicalJson } from "../build/schemas/canonical-json.ts";
import type { JsonSchema } from "../build/schemas/json-schema.ts";
import { type Change, REFUSED, toDifferent, toLooser, toStricter, UNEXPECTED } from "./change.ts";
import { listConstants } from "./normalise.ts";
import { listValues, takes } from "./takes.ts";

/**
 * Compares schemas of which one or both list the values that they take: these can be tried on the other.
 *
 * @returns undefined where neither lists any
 */
export function compareConstants(a: JsonSchema, b: JsonSchema, path: string): Change[] | undefined {
  const [before, after] = [listConstants(a), listConstants(b)];
  if (before && after) return compareLists(before, after, path);
  if (before && listValues(a)) {
    const refused = before.filter((value) => !takes(b, value));
    if (refused.length === before.length) return [toDifferent(path, "enum changed to other values")];
    const change = { path, text: "enum removed", forward: UNEXPECTED };
    return [
      refused.length > 0 ? { ...change, text: `enum removed, ${say(refused)} with it`, backward: REFUSED } : change,
    ];
  }
  if (after && listValues(b)) {
    const added = after.filter((value) => !takes(a, value));
    const change = toStricter(path, `enum added: ${say(after)}`);
    return [added.length > 0 ? { ...change, forward: UNEXPECTED } : change];
  }
  return undefined;
}

function compareLists(a: readonly unknown[], b: readonly unknown[], path: string): Change[] {
  const [before, after] = [a.map(toCanonicalJson), b.map(toCanonicalJson)];
  const removed = before.filter((value) => !after.includes(value));
  const added = after.filter((value) => !before.includes(value));
  return [
    ...(removed.length > 0 ? [toStricter(path, `enum narrowed: ${removed.join(", ")} removed`)] : []),
    ...(added.length > 0 ? [toLooser(path, `enum widened: ${added.join(", ")} added`)] : []),
  ];
}

function say(values: readonly unknown[]): string {
  return values.map(toCanonicalJson).join(", ");
}
