import type { JsonSchema } from "../build/schemas/json-schema.ts";
import { type Change, join, toLooser, toStricter } from "./change.ts";
import { type Comparison, listUnknown } from "./comparison.ts";
import { toEssence } from "./keywords.ts";

/** Compares what the items of two arrays are: those at the start one by one, then the rest. */
export function compareArrays(comparison: Comparison, a: JsonSchema, b: JsonSchema, path: string): Change[] {
  const [before, after] = [a, b].map((schema) => (schema.prefixItems ?? []) as unknown[]) as [unknown[], unknown[]];
  // Behind its own start, an array goes on with what its rest is.
  const length = Math.max(before.length, after.length);
  const places = Array.from({ length }, (_, index) => index);
  return [
    ...places.flatMap((index) =>
      compareItems(comparison, before[index] ?? a.items, after[index] ?? b.items, join(path, String(index))),
    ),
    ...compareItems(comparison, a.items, b.items, join(path, "*")),
  ];
}

function compareItems(comparison: Comparison, a: unknown, b: unknown, path: string): Change[] {
  const [before, after] = [a, b].map((schema) => toEssence(schema ?? {}));
  if (before === "{}" || before === "true") {
    return after === before || after === "{}" || after === "true"
      ? []
      : [...listUnknown(b, path), toStricter(path, "items added: they were free")];
  }
  if (after === "{}" || after === "true") return [toLooser(path, "items removed: they are free now")];
  return comparison.compare(a, b, path);
}
