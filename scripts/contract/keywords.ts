import { type JsonSchema, type Rule, rulesOf, toCanonicalJson } from "../build/schemas/json-schema.ts";
import { describe } from "./describe-function.ts";

/** What decides in a rule: the requirement of an action, the function of a check. */
function toDecider(item: Rule["item"]): unknown {
  const { requirement, check, pathList } = item as { requirement?: unknown; check?: unknown; pathList?: unknown };
  if (requirement === undefined && check === undefined) return (item as { "~run"?: unknown })["~run"];
  return pathList === undefined ? (requirement ?? check) : [requirement, pathList];
}

const described = new WeakMap<object, ReturnType<typeof describe>>();

function describeRule({ item }: Rule): ReturnType<typeof describe> {
  const known = described.get(item) ?? describe(toDecider(item));
  described.set(item, known);
  return known;
}

/** @returns the same text for rules that do the same, as far as that can be seen */
export function toKey(rule: Rule): string {
  return `${rule.item.type} ${describeRule(rule).text}`;
}

/** Whether a part of a rule cannot be looked into, so that equal keys prove nothing. */
export function isOpaque(rule: Rule): boolean {
  return describeRule(rule).isOpaque;
}

/** Numbers and texts of a rule's words and code, the lists of a closure among them. */
export function readLiterals(rule: Rule): (string | number)[] {
  const text = `${rule.text} ${toKey(rule)}`;
  const texts = [...text.matchAll(/"([^"\\]{1,60})"|'([^'\\]{1,60})'|`([^`\\$]{1,60})`/g)];
  const numbers = [...text.matchAll(/(?<![\w.])-?\d[\d_]*(?:\.\d+)?(?:e\d+)?(?![\w.])/g)];
  return [
    ...texts.map(([, double, single, template]) => double ?? single ?? template ?? ""),
    ...numbers.map(([digits]) => Number(digits.replaceAll("_", ""))),
  ];
}

/** The same for rules that differ in nothing but numbers and texts. */
export function toShape(rule: Rule): string {
  const literal = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?<![\w.])-?\d[\d_]*(?:\.\d+)?(?:e\d+)?(?![\w.])/g;
  return toKey(rule)
    .replaceAll(literal, "?")
    .replaceAll(/\?(,\?)*/g, "?");
}

/** Keywords that say something to a reader, and nothing about which values are right. */
const annotations = new Set(
  "$schema $id $comment $defs title description examples default deprecated readOnly writeOnly".split(" "),
);

/** Keywords that each narrow what a schema takes, whatever else it has. */
export const conjuncts = [
  ["uniqueItems"],
  ["dependentRequired"],
  ["dependentSchemas"],
  ["contains", "minContains", "maxContains"],
  ["if", "then", "else"],
  ["contentEncoding", "contentMediaType", "contentSchema"],
] as const;

/** Every keyword whose meaning this command knows. */
const compared = new Set([
  ..."$ref type const enum pattern format not multipleOf anyOf oneOf allOf".split(" "),
  ..."minimum maximum exclusiveMinimum exclusiveMaximum minLength maxLength".split(" "),
  ..."minItems maxItems minProperties maxProperties".split(" "),
  ..."properties required additionalProperties propertyNames items prefixItems".split(" "),
  ...conjuncts.flat(),
]);

/** @returns the keywords of a schema that this command does not know */
export function listUnknownKeywords(schema: JsonSchema): string[] {
  return Object.keys(schema).filter((keyword) => !annotations.has(keyword) && !compared.has(keyword));
}

/** A schema as an object: `true` takes anything, `false` nothing. */
export function toNode(schema: unknown): JsonSchema {
  if (schema === undefined || schema === true) return {};
  return schema === false ? { not: {} } : (schema as JsonSchema);
}

/**
 * Follows a schema's references within its own document.
 *
 * @throws Error when a reference leads elsewhere
 */
export function resolve(schema: unknown, root: JsonSchema): JsonSchema {
  const node = toNode(schema);
  if (typeof node.$ref !== "string") return node;
  if (!node.$ref.startsWith("#/")) throw new Error(`the reference ${node.$ref} leads out of the document`);
  const steps = node.$ref.slice(2).split("/");
  const target = steps.reduce<unknown>(
    (at, step) => (at as Record<string, unknown> | undefined)?.[step.replaceAll("~1", "/").replaceAll("~0", "~")],
    root,
  );
  if (target === undefined) throw new Error(`the reference ${node.$ref} leads nowhere`);
  return resolve(target, root);
}

/** A schema as text: the same for schemas that take the same values for the same reasons. */
export function toEssence(schema: unknown): string {
  return toCanonicalJson(strip(schema));
}

/** Keywords whose members are names of the author's choice, not keywords. */
const named = new Set(["properties", "patternProperties", "dependentSchemas", "$defs"]);
/** Keywords whose values are data, not schemas. */
const data = new Set(["const", "enum", "required", "dependentRequired"]);

function strip(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strip);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value as JsonSchema)
    .filter(([keyword]) => !annotations.has(keyword))
    .map(([keyword, member]) => [keyword, stripMember(keyword, member)]);
  // Of several patterns, or refused values, the keywords beside each other show one.
  const isOneOfSome = ({ item }: Rule) =>
    item.requirement instanceof RegExp || /^(not_|excludes|starts_|ends_|includes)/.test(item.type);
  const rules = rulesOf(value as JsonSchema).filter((rule) => rule.said !== "all" || isOneOfSome(rule));
  const keys = rules.map((rule) => [rule.said === "all" ? "" : rule.text, toKey(rule)]);
  return { ...Object.fromEntries(kept), ...(keys.length > 0 ? { " rules": keys } : {}) };
}

function stripMember(keyword: string, member: unknown): unknown {
  // Neither order nor absence of an empty list means anything.
  if (keyword === "required" && Array.isArray(member)) return member.length > 0 ? [...member].sort() : undefined;
  if (data.has(keyword)) return member;
  if (!named.has(keyword) || typeof member !== "object" || member === null) return strip(member);
  const entries = Object.entries(member);
  return entries.length > 0 ? Object.fromEntries(entries.map(([name, schema]) => [name, strip(schema)])) : undefined;
}
