import type { JsonSchema } from "../build/schemas/json-schema.ts";
import { type Change, toUnknown } from "./change.ts";
import { compareArrays } from "./compare-arrays.ts";
import { compareObjects } from "./compare-objects.ts";
import { compareRules } from "./compare-rules.ts";
import { compareUnions } from "./compare-unions.ts";
import { compareScalars, compareTypes } from "./compare-values.ts";
import { type Comparison, sayUnknown } from "./comparison.ts";
import { listUnknownKeywords, resolve, toEssence, toNode } from "./keywords.ts";

/**
 * Compares two JSON Schemas by their keywords: which values does one take that the other does not.
 *
 * Objects are open: a member that a schema does not name is no part of the contract, so adding an optional one breaks nobody.
 *
 * @returns every change, with what it breaks
 */
export function compareSchemas(before: JsonSchema, after: JsonSchema, path = ""): Change[] {
  const comparison: Comparison = {
    before,
    after,
    seen: new Set(),
    compare: (a, b, at) => compareNodes(comparison, a, b, at),
  };
  return comparison.compare(before, after, path);
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
  const changes = unknown.map((keyword) => toUnknown(path, sayUnknown(keyword)));
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
    ...compareRules(a, b, path),
  ];
}
