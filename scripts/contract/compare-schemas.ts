import { type JsonSchema, rulesOf, toCanonicalJson } from "../build/schemas/json-schema.ts";
import {
  type Change,
  type Comparison,
  join,
  listUnknown,
  REFUSED,
  toDifferent,
  toLooser,
  toStricter,
  toUnknownKeyword,
  UNEXPECTED,
} from "./change.ts";
import { compareObjects } from "./compare-objects.ts";
import { comparePatterns, listPatterns } from "./compare-patterns.ts";
import { compareRules } from "./compare-rules.ts";
import { compareUnions } from "./compare-unions.ts";
import { compareConjuncts, compareFormats, compareKeywords, compareTypes } from "./compare-values.ts";
import { drawValues, listRepeats } from "./draw-values.ts";
import { listUnknownKeywords, resolve, toEssence, toNode } from "./keywords.ts";
import { listConstants, normalise } from "./normalise.ts";
import { listValues, takes } from "./takes.ts";

/**
 * Compares schemas of which one or both list the values that they take: these can be tried on the other.
 *
 * @returns undefined where neither lists any
 */
function compareConstants(a: JsonSchema, b: JsonSchema, path: string): Change[] | undefined {
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

/** Fewer values than these, right on one side, prove nothing of the other. */
const ENOUGH = 20;

/** Compares what two schemas say of single values. */
function compareScalars(a: JsonSchema, b: JsonSchema, path: string): Change[] {
  const formats = compareFormats(a, b, path);
  const ordered = [...compareKeywords(a, b, path), ...comparePatterns(a, b, path), ...formats];
  const others = [...compareConjuncts(a, b, path), ...compareRules(a, b, path)];
  // Of two formats, or two functions, values that one of them takes are drawn by chance alone.
  const isDrawn = others.length === 0 && !formats.some(({ backward, forward }) => backward && forward);
  return [...(isDrawn ? decide(a, b, ordered) : ordered), ...others];
}

/**
 * Bounds and patterns say the same things in different ways: a pattern of three letters is a length, too. Where each side
 * has something that the other lacks, and drawn values show that only one of them matters, the other is no break.
 */
function decide(a: JsonSchema, b: JsonSchema, changes: readonly Change[]): readonly Change[] {
  const sides = (["backward", "forward"] as const).filter((side) => changes.some((change) => change[side]));
  if (sides.length < 2) return changes;
  // What makes a word, or one character to a reader, is drawn too seldom.
  if ([a, b].some((schema) => rulesOf(schema).some(({ item }) => /words|graphemes/.test(item.type)))) return changes;
  const repeats = listRepeats([a, b].flatMap(listPatterns));
  const mentioned = [...[a, b].flatMap(listMentioned), ...repeats];
  const values = [a, b].flatMap((schema) => drawValues({ root: schema, mentioned }, schema));
  const show = (from: JsonSchema, to: JsonSchema) => {
    const right = values.filter((value) => takes(from, value));
    return { isBroken: right.some((value) => !takes(to, value)), isEnough: right.length >= ENOUGH };
  };
  const [backward, forward] = [show(a, b), show(b, a)];
  if (backward.isBroken && !forward.isBroken && forward.isEnough) return drop(changes, "forward");
  if (forward.isBroken && !backward.isBroken && backward.isEnough) return drop(changes, "backward");
  return changes;
}

/** Lengths that are no keyword's, and what is not allowed. */
function listMentioned(schema: JsonSchema): (string | number)[] {
  const { not = {} } = schema as { not?: JsonSchema };
  const refused = [not, ...((not.anyOf ?? []) as JsonSchema[])].flatMap((each) => listValues(each) ?? []);
  return [...rulesOf(schema).map(({ item }) => item.requirement), ...refused].filter(
    (each): each is string | number => typeof each === "number" || typeof each === "string",
  );
}

function drop(changes: readonly Change[], side: "backward" | "forward"): Change[] {
  return changes.map(({ [side]: _, ...change }) => change);
}

/** Compares what the items of two arrays are: those at the start one by one, then the rest. */
function compareArrays(comparison: Comparison, a: JsonSchema, b: JsonSchema, path: string): Change[] {
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
