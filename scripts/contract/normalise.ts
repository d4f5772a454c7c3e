import { type JsonSchema, rulesOf, withRules } from "../build/schemas/json-schema.ts";
import { toEssence } from "./keywords.ts";
import { listValues, takes } from "./takes.ts";

/**
 * Writes a schema in one way of the several that take the same values: a choice between constants as one list, an
 * intersection as one object, a bound of integers as the last integer that is taken.
 */
export function normalise(schema: unknown): JsonSchema {
  if (typeof schema !== "object" || schema === null) return schema as unknown as JsonSchema;
  let node: JsonSchema = { ...(schema as JsonSchema) };
  for (const keyword of ["items", "additionalProperties", "propertyNames"]) {
    if (typeof node[keyword] === "object") node = { ...node, [keyword]: normalise(node[keyword]) };
  }
  for (const keyword of ["anyOf", "oneOf", "allOf", "prefixItems"]) {
    if (node[keyword]) node = { ...node, [keyword]: (node[keyword] as unknown[]).map(normalise) };
  }
  for (const keyword of ["properties", "$defs"]) {
    if (node[keyword]) node = { ...node, [keyword]: mapMembers(node[keyword] as object, normalise) };
  }
  return normaliseNumber(normaliseChoice(normaliseSum(node)));
}

function mapMembers(members: object, map: (member: unknown) => unknown): object {
  return Object.fromEntries(Object.entries(members).map(([name, member]) => [name, map(member)]));
}

function normaliseNumber(node: JsonSchema): JsonSchema {
  const { multipleOf, minimum, exclusiveMinimum, maximum, exclusiveMaximum, ...rest } = node as Record<string, number>;
  const isInteger = node.type === "integer" || (node.type === "number" && Number.isInteger(multipleOf));
  if (!isInteger) return node;
  const bounds = {
    minimum: Math.max(Math.ceil(minimum ?? -Infinity), Math.floor(exclusiveMinimum ?? -Infinity) + 1),
    maximum: Math.min(Math.floor(maximum ?? Infinity), Math.ceil(exclusiveMaximum ?? Infinity) - 1),
  };
  const finite = Object.entries(bounds).filter(([, bound]) => Number.isFinite(bound));
  const factor = multipleOf === undefined || multipleOf === 1 ? {} : { multipleOf };
  return withRules({ ...rest, type: "integer", ...factor, ...Object.fromEntries(finite) } as JsonSchema, rulesOf(node));
}

function normaliseChoice(node: JsonSchema): JsonSchema {
  const keyword = node.oneOf ? "oneOf" : "anyOf";
  const given = node[keyword] as readonly JsonSchema[] | undefined;
  if (!given) return node;
  const flat = given.flatMap((member) =>
    member.anyOf && toEssence({ ...member, anyOf: undefined }) === "{}" ? (member.anyOf as JsonSchema[]) : [member],
  );
  const split = splitByTag(flat);
  const members = split.filter(
    (member, index) => split.findIndex((other) => toEssence(other) === toEssence(member)) === index,
  );
  const listed = members.filter((member) => listConstants(member) !== undefined);
  const others = members.filter((member) => listConstants(member) === undefined);
  const values = listed.flatMap((member) => listConstants(member) ?? []);
  // What another member takes as well need not be listed.
  const own = values.filter((value) => !others.some((other) => takes(other, value)));
  const lists = listed.length > 1 || own.length < values.length ? (own.length > 0 ? [toList(own)] : []) : listed;
  const kept = [...others, ...lists];
  const { [keyword]: _, ...rest } = node;
  const [only] = kept;
  if (kept.length === 1 && only && toEssence(rest) === "{}") {
    return withRules({ ...rest, ...only }, [...rulesOf(node), ...rulesOf(only)]);
  }
  return { ...rest, [keyword]: kept };
}

/** The values of a schema that takes no more than a few. */
export function listConstants(schema: JsonSchema): readonly unknown[] | undefined {
  const ofType = schema.type === "boolean" ? [true, false] : schema.type === "null" ? [null] : undefined;
  return (listValues(schema) ?? ofType)?.filter((value) => takes(schema, value));
}

function toList(values: readonly unknown[]): JsonSchema {
  const distinct = [...new Set(values)];
  if (distinct.length === 2 && distinct.includes(true) && distinct.includes(false)) return { type: "boolean" };
  return distinct.length === 1 && distinct[0] === null ? { type: "null" } : { enum: distinct };
}

/** Of objects that one member tells apart, each with a single value of that member. */
function splitByTag(members: readonly JsonSchema[]): JsonSchema[] {
  const tags = Object.keys((members[0]?.properties ?? {}) as object);
  const toTag = (member: JsonSchema, tag: string) =>
    (member.properties as Record<string, JsonSchema> | undefined)?.[tag];
  const tag = tags.find((name) =>
    members.every((member) => toTag(member, name) && listValues(toTag(member, name) as JsonSchema)),
  );
  if (tag === undefined) return [...members];
  return members.flatMap((member) =>
    (listValues(toTag(member, tag) as JsonSchema) ?? []).map((value) => ({
      ...member,
      properties: { ...(member.properties as object), [tag]: { const: value } },
    })),
  );
}

function normaliseSum(node: JsonSchema): JsonSchema {
  const { allOf, ...rest } = node;
  if (!allOf) return node;
  const parts = (allOf as readonly JsonSchema[]).flatMap((part) =>
    part.allOf && toEssence({ ...part, allOf: undefined }) === "{}" ? (part.allOf as JsonSchema[]) : [part],
  );
  // What a second pattern or a second refused value is made of, the rules say.
  const isByRule = (part: JsonSchema) =>
    Object.keys(part).every((keyword) => keyword === "pattern" || keyword === "not");
  const own = rulesOf(node).length > 0 ? parts.filter((part) => !isByRule(part)) : parts;
  const merged = own.reduce<JsonSchema | undefined>((sum, part) => sum && merge(sum, part), rest);
  if (merged) return normaliseNumber(withoutNull(merged));
  return { ...rest, allOf: parts.toSorted((a, b) => (toEssence(a) < toEssence(b) ? -1 : 1)) };
}

/** Without the null that `nonNullable` takes away from what it wraps. */
function withoutNull(node: JsonSchema): JsonSchema {
  const { not, anyOf, ...rest } = node as JsonSchema & { anyOf?: readonly JsonSchema[] };
  if (not === undefined || toEssence(not) !== '{"type":"null"}') return node;
  if (!anyOf) return rest.type === undefined ? node : withRules(rest, rulesOf(node));
  const members = anyOf.filter(({ type }) => type !== "null");
  const isClear = members.every(({ type }) => typeof type === "string");
  return isClear ? normaliseChoice(withRules({ ...rest, anyOf: members }, rulesOf(node))) : node;
}

const lower = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];
const upper = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];

/** @returns one schema that takes what both take; undefined where one cannot say it */
function merge(a: JsonSchema, b: JsonSchema): JsonSchema | undefined {
  const merged: Record<string, unknown> = { ...a };
  for (const [keyword, value] of Object.entries(b)) {
    const own = merged[keyword];
    if (own === undefined || toEssence({ x: own }) === toEssence({ x: value })) merged[keyword] = value;
    else if (lower.includes(keyword)) merged[keyword] = Math.max(own as number, value as number);
    else if (upper.includes(keyword)) merged[keyword] = Math.min(own as number, value as number);
    else if (keyword === "type" && [own, value].sort().join() === "integer,number") merged.type = "integer";
    else if (keyword === "required") merged.required = [...new Set([...(own as string[]), ...(value as string[])])];
    else if (keyword === "properties") {
      const both = mergeMembers(own as Record<string, JsonSchema>, value as Record<string, JsonSchema>);
      if (!both) return undefined;
      merged.properties = both;
    } else if (keyword !== "description") return undefined;
  }
  // What a part says of members without a name holds for the other part's members, too.
  const restricts = ({ additionalProperties: others }: JsonSchema) =>
    others === false || toEssence(others ?? {}).length > 4;
  if ((restricts(a) && b.properties) || (restricts(b) && a.properties)) return undefined;
  return withRules(merged, [...rulesOf(a), ...rulesOf(b)]);
}

function mergeMembers(
  a: Readonly<Record<string, JsonSchema>>,
  b: Readonly<Record<string, JsonSchema>>,
): Record<string, JsonSchema> | undefined {
  const all: Record<string, JsonSchema> = { ...a };
  for (const [name, member] of Object.entries(b)) {
    const both = all[name] ? merge(all[name], member) : member;
    if (!both) return undefined;
    all[name] = both;
  }
  return all;
}
