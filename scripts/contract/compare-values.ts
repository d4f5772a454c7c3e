import { type JsonSchema, rulesOf } from "../build/schemas/json-schema.ts";
import { type Change, toDifferent, toLooser, toStricter } from "./change.ts";
import { compareLengths, hasOwnLength } from "./compare-lengths.ts";
import { conjuncts, toEssence, toKey } from "./keywords.ts";
import { listValues } from "./takes.ts";

/** Compares which JSON types two schemas take; of an enum, the types of its values. */
export function compareTypes(a: JsonSchema, b: JsonSchema, path: string): Change[] {
  const before = listTypes(a);
  const after = listTypes(b);
  const isNarrowed = !covers(after, before);
  const isWidened = !covers(before, after);
  const change = `from ${say(before)} to ${say(after)}`;
  if (isNarrowed && isWidened) return [toDifferent(path, `type changed ${change}`)];
  if (isNarrowed) return [toStricter(path, `type narrowed ${change}`)];
  return isWidened ? [toLooser(path, `type widened ${change}`)] : [];
}

/** Compares what two schemas say of texts and numbers by keywords that have an order: bounds, multiples. */
export function compareKeywords(a: JsonSchema, b: JsonSchema, path: string): Change[] {
  return [...compareBounds(a, b, path), ...compareMultiples(a, b, path), ...compareRefusals(a, b, path)];
}

export function compareFormats(a: JsonSchema, b: JsonSchema, path: string): Change[] {
  return compareConjunct(["format"], a, b, path);
}

/** Compares which values or texts are not allowed. */
function compareRefusals(a: JsonSchema, b: JsonSchema, path: string): Change[] {
  const [before, after] = [listRefusals(a), listRefusals(b)];
  const isRemoved = before.some((refusal) => !after.includes(refusal));
  const isAdded = after.some((refusal) => !before.includes(refusal));
  if (isAdded && isRemoved) return [toDifferent(path, "not changed")];
  if (isAdded) return [toStricter(path, "not added")];
  return isRemoved ? [toLooser(path, "not removed")] : [];
}

function listRefusals(schema: JsonSchema): string[] {
  const rules = rulesOf(schema).filter(({ item, said }) => said === "all" && /^(not_|excludes)/.test(item.type));
  if (rules.length > 0) return rules.map(toKey);
  return schema.not === undefined ? [] : [toEssence(schema.not)];
}

/** Compares keywords that stand for themselves. */
export function compareConjuncts(a: JsonSchema, b: JsonSchema, path: string): Change[] {
  return conjuncts.flatMap((group) => compareConjunct(group, a, b, path));
}

function listTypes(schema: JsonSchema): readonly string[] | undefined {
  if (schema.type !== undefined) return [schema.type].flat() as string[];
  return listValues(schema)?.map(typeOf);
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}

/** Whether the first list takes all that the second does; undefined is any type. */
function covers(all: readonly string[] | undefined, some: readonly string[] | undefined): boolean {
  if (all === undefined) return true;
  if (some === undefined) return false;
  return some.every((type) => all.includes(type) || (type === "integer" && all.includes("number")));
}

function say(types: readonly string[] | undefined): string {
  return types ? [...new Set(types)].join(" or ") : "any";
}

const bounds = [
  ["minimum", "lower"],
  ["maximum", "upper"],
  ["minLength", "lower"],
  ["maxLength", "upper"],
  ["minItems", "lower"],
  ["maxItems", "upper"],
  ["minProperties", "lower"],
  ["maxProperties", "upper"],
] as const;

const exclusive: Readonly<Record<string, string>> = { minimum: "exclusiveMinimum", maximum: "exclusiveMaximum" };

function compareBounds(a: JsonSchema, b: JsonSchema, path: string): Change[] {
  const isByRule = hasOwnLength(a) || hasOwnLength(b);
  const byKeyword = bounds.filter(([keyword]) => !(isByRule && /^m(in|ax)Length$/.test(keyword)));
  const lengths = isByRule ? compareLengths(a, b, path) : [];
  const changes = byKeyword.flatMap(([keyword, side]) => {
    const before = readBound(a, keyword, side);
    const after = readBound(b, keyword, side);
    if (before.value === after.value && before.isExclusive === after.isExclusive) return [];
    const sign = side === "lower" ? 1 : -1;
    const isNarrowed = before.value === after.value ? after.isExclusive : sign * after.value > sign * before.value;
    const text = `${isNarrowed ? "narrowed" : "widened"} from ${sayBound(before)} to ${sayBound(after)}`;
    return [(isNarrowed ? toStricter : toLooser)(path, `${keyword} ${text}`)];
  });
  return [...lengths, ...changes];
}

interface Bound {
  readonly value: number;
  readonly isExclusive: boolean;
}

function readBound(schema: JsonSchema, keyword: string, side: "lower" | "upper"): Bound {
  const none = side === "upper" ? Infinity : keyword === "minimum" ? -Infinity : 0;
  const value = (schema[keyword] ?? none) as number;
  const strict = schema[exclusive[keyword] ?? ""] as number | undefined;
  if (strict === undefined) return { value, isExclusive: false };
  const isStricter = side === "lower" ? strict >= value : strict <= value;
  return isStricter ? { value: strict, isExclusive: true } : { value, isExclusive: false };
}

function sayBound({ value, isExclusive }: Bound): string {
  if (!Number.isFinite(value)) return "none";
  return isExclusive ? `${value} (exclusive)` : String(value);
}

function compareMultiples(a: JsonSchema, b: JsonSchema, path: string): Change[] {
  const before = a.multipleOf as number | undefined;
  const after = b.multipleOf as number | undefined;
  if (before === after) return [];
  const text = `multipleOf changed from ${before ?? "none"} to ${after ?? "none"}`;
  if (before === undefined || (after && after % before === 0)) return [toStricter(path, text)];
  return [(after === undefined || before % after === 0 ? toLooser : toDifferent)(path, text)];
}

/** Keywords that are one rule together, which can only be the same, come, go, or be another. */
function compareConjunct(group: readonly string[], a: JsonSchema, b: JsonSchema, path: string): Change[] {
  const [before, after] = [a, b].map((schema) => {
    const own = Object.fromEntries(
      group.filter((keyword) => keyword in schema).map((keyword) => [keyword, schema[keyword]]),
    );
    return isEmpty(own) ? undefined : toEssence(own);
  });
  if (before === after) return [];
  if (before === undefined) return [toStricter(path, `${group[0]} added`)];
  return [after === undefined ? toLooser(path, `${group[0]} removed`) : toDifferent(path, `${group[0]} changed`)];
}

/** Items may repeat unless something else is said. */
function isEmpty(rule: JsonSchema): boolean {
  return Object.keys(rule).length === 0 || rule.uniqueItems === false;
}
