import type { Item, Schema } from "../../../shared/events/judging/valibot.ts";
import type { JsonSchema } from "./json-schema.ts";
import { toPattern } from "./pattern.ts";

/** What an action judges, as far as that decides what it means. */
interface Judged {
  readonly action: Item;
  /** The kind of the schema that it stands behind. */
  readonly of: Schema;
  /** What the pipe has been converted to so far. */
  readonly schema: JsonSchema;
}

type ToKeywords = (requirement: never, judged: Judged) => JsonSchema | undefined;

/** Bounds of numbers, lengths and members: what JSON Schema says as valibot judges it, by the type of the action. */
const keywords: Readonly<Record<string, ToKeywords>> = {
  integer: () => ({ type: "integer" }),
  safe_integer: () => ({ type: "integer", minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }),
  finite: (_: never, { schema }) => (isAlways(schema, "number") ? {} : undefined),
  multiple_of: (factor: number, { schema }) =>
    isAlways(schema, "number") ? { multipleOf: Math.abs(factor) } : undefined,
  min_value: ofNumbers("minimum"),
  max_value: ofNumbers("maximum"),
  gt_value: ofNumbers("exclusiveMinimum"),
  lt_value: ofNumbers("exclusiveMaximum"),
  value: (value, { schema }) => (isOfItsType(schema, value) ? { const: value } : undefined),
  values: (values: readonly unknown[], { schema }) =>
    values.length > 0 && values.every((value) => isOfItsType(schema, value))
      ? { enum: [...new Set(values)] }
      : undefined,
  not_value: (value, { schema }) => (isOfItsType(schema, value) ? { not: { const: value } } : undefined),
  not_values: (values: readonly unknown[], { schema }) =>
    values.length > 0 && values.every((value) => isOfItsType(schema, value))
      ? { not: { enum: [...new Set(values)] } }
      : undefined,
  starts_with: ofLiteral((literal) => ({ pattern: `^${literal}` })),
  ends_with: ofLiteral((literal) => ({ pattern: `${literal}$` })),
  includes: ofLiteral((literal) => ({ pattern: literal })),
  excludes: ofLiteral((literal) => ({ not: { pattern: literal } })),
  code_points: (count: number, { schema }) => ofTexts(schema, { minLength: count, maxLength: count }),
  max_code_points: (count: number, { schema }) => ofTexts(schema, { maxLength: count }),
  min_code_points: (count: number, { schema }) => ofTexts(schema, { minLength: count }),
  not_code_points: (count: number, { schema }) => ofTexts(schema, { not: { minLength: count, maxLength: count } }),
  length: (count: number, judged) => toLengths(judged, count, count),
  min_length: (count: number, judged) => toLengths(judged, count, undefined),
  max_length: (count: number, judged) => toLengths(judged, undefined, count),
  non_empty: (_: never, judged) => toLengths(judged, 1, undefined),
  empty: (_: never, judged) => toLengths(judged, undefined, 0),
  entries: (count: number, { of }) => ofMembers(of, { minProperties: count, maxProperties: count }),
  max_entries: (count: number, { of }) => ofMembers(of, { maxProperties: count }),
  min_entries: (count: number, { of }) => ofMembers(of, { minProperties: count }),
  not_entries: (count: number, { of }) => ofMembers(of, { not: { minProperties: count, maxProperties: count } }),
};

/** @returns the keywords that say what an action judges; undefined where none do, or not exactly */
export function toKeywords(judged: Judged): JsonSchema | undefined {
  const { type, requirement } = judged.action;
  if (Object.hasOwn(keywords, type)) return keywords[type]?.(requirement as never, judged);
  if (!(requirement instanceof RegExp)) return undefined;
  const pattern = toPattern(requirement);
  return pattern === undefined ? undefined : ofTexts(judged.schema, { pattern });
}

function ofNumbers(keyword: string): ToKeywords {
  return (bound: unknown, { schema }) =>
    typeof bound === "number" && isAlways(schema, "number") ? { [keyword]: bound } : undefined;
}

function ofTexts(schema: JsonSchema, said: JsonSchema): JsonSchema | undefined {
  return isAlways(schema, "string") ? said : undefined;
}

/** An array, too, may include something. Half of an emoji is none to those who read by code points. */
function ofLiteral(toSaid: (literal: string) => JsonSchema): ToKeywords {
  return (text: unknown, { schema }) =>
    typeof text === "string" && text.isWellFormed() ? ofTexts(schema, toSaid(toLiteral(text))) : undefined;
}

/** valibot counts what the schema leaves of an object: `object` takes members away. */
function ofMembers({ type }: Schema, said: JsonSchema): JsonSchema | undefined {
  return ["record", "loose_object", "strict_object", "object_with_rest"].includes(type) ? said : undefined;
}

/** valibot counts the UTF-16 code units of a text, and of an array the items that its schema makes of it. */
function toLengths(
  { of, schema, action }: Judged,
  least: number | undefined,
  most: number | undefined,
): JsonSchema | undefined {
  if (isAlways(schema, "string")) {
    const isExact = (least ?? 0) <= 1 && (most ?? 0) === 0;
    // The limit of the envelope's ids, which a limit of bytes follows.
    const isKept = isExact || action.type === "max_length";
    return isKept
      ? { ...(least !== undefined && { minLength: least }), ...(most !== undefined && { maxLength: most }) }
      : undefined;
  }
  if (!isAlways(schema, "array") || of.type === "tuple" || !(of.item ?? of.items)) return undefined;
  // Absent items of a tuple are counted as well.
  const known = of.items?.length ?? 0;
  if (most !== undefined && most < known) return undefined;
  return {
    ...(least !== undefined && least > known && { minItems: least }),
    ...(most !== undefined && { maxItems: most }),
  };
}

/** Whether a schema takes values of one JSON type alone. */
function isAlways(schema: JsonSchema, type: "string" | "number" | "array"): boolean {
  const isOfType = (value: unknown) => (Array.isArray(value) ? "array" : typeof value) === type;
  if (schema.type !== undefined) return schema.type === type || (type === "number" && schema.type === "integer");
  if ("const" in schema) return isOfType(schema.const);
  if (schema.enum) return (schema.enum as readonly unknown[]).every(isOfType);
  const inside = (part: JsonSchema) => isAlways(part, type);
  if ((schema.allOf as readonly JsonSchema[] | undefined)?.some(inside)) return true;
  return (schema.anyOf as readonly JsonSchema[] | undefined)?.every(inside) ?? false;
}

/** valibot compares by `<=` and `>=`, which takes "1" for 1. */
function isOfItsType(schema: JsonSchema, value: unknown): boolean {
  return (
    (typeof value === "string" || typeof value === "number") && isAlways(schema, typeof value as "string" | "number")
  );
}

function toLiteral(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
