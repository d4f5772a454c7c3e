import type { JsonSchema } from "../build/schemas/json-schema.ts";
import { type Change, toLooser, toStricter } from "./change.ts";
import { compareArrays } from "./compare-arrays.ts";
import { compareConstants } from "./compare-constants.ts";
import { compareObjects } from "./compare-objects.ts";
import { compareScalars } from "./compare-scalars.ts";
import { compareUnions } from "./compare-unions.ts";
import { compareTypes } from "./compare-values.ts";
import { type Comparison, toUnknownKeyword } from "./comparison.ts";
import { listUnknownKeywords, resolve, toEssence, toNode } from "./keywords.ts";
import { normalise } from "./normalise.ts";

/**
 * Compares two JSON Schemas by their keywords: which values does one take that the other does not.
 *
 * Objects are open: a member that a schema does not name is no part of the contract, so adding an optional one breaks nobody.
 *
 * @returns every change, with what it breaks
 */
export function compareSchemas(before: JsonSchema, after: JsonSchema, path = ""): Change[] {
  const [a, b] = [normalise(before), normalise(after)];
  const comparison: Comparison = {
    before: a,
    after: b,
    seen: new Set(),
    compare: (one, other, at) => compareNodes(comparison, one, other, at),
  };
  return comparison.compare(a, b, path);
}

function compareNodes(comparison: Comparison, before: unknown, after: unknown, path: string): Change[] {
  const references = [toNode(before).$ref, toNode(after).$ref];
  if (references.some((reference) => reference !== undefined)) {
    // A schema that contains itself is compared once.
    if (comparison.seen.has(references.join(" "))) return [];
    comparison.seen.add(references.join(" "));
  }
  const a = resolve(before, comparison.before);
  const b = resolve(after, comparison.after);
  if (toEssence(a) === toEssence(b) && !JSON.stringify([a, b]).includes('"$ref"')) return [];
  const unknown = [...new Set([...listUnknownKeywords(a), ...listUnknownKeywords(b)])];
  const changes = unknown.map((keyword) => toUnknownKeyword(path, keyword));
  if (isNever(a)) return [...changes, toLooser(path, "nothing was taken: values of any kind are now")];
  if (isNever(b)) return [...changes, toStricter(path, "nothing is taken any more")];
  const constants = compareConstants(a, b, path);
  if (constants) return [...changes, ...constants];
  const unions = compareUnions(comparison, a, b, path);
  if (unions) return [...changes, ...unions];
  const types = compareTypes(a, b, path);
  changes.push(...types);
  if (types.some(({ backward, forward }) => backward && forward)) return changes;
  return [
    ...changes,
    ...compareScalars(a, b, path),
    ...compareObjects(comparison, a, b, path),
    ...compareArrays(comparison, a, b, path),
  ];
}

function isNever({ not }: JsonSchema): boolean {
  return not !== undefined && toEssence(not) === "{}";
}
