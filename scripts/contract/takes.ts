import { type JsonSchema, type Rule, rulesOf, toCanonicalJson } from "../build/schemas/json-schema.ts";

/**
 * Whether a schema takes a text, a number, a truth value or null: by the rules that it was made from, else by its keywords.
 *
 * @param schema of such values, or a choice between some
 */
export function takes(schema: JsonSchema, value: unknown): boolean {
  const members = (schema.anyOf ?? schema.oneOf) as readonly JsonSchema[] | undefined;
  if (members && !members.some((member) => takes(member, value))) return false;
  if (((schema.allOf ?? []) as readonly JsonSchema[]).some((part) => !takes(part, value))) return false;
  const values = listValues(schema);
  if (values && !values.some((each) => toCanonicalJson(each) === toCanonicalJson(value))) return false;
  if (schema.type !== undefined && ![schema.type].flat().some((type) => isOfType(value, type as string))) return false;
  const rules = rulesOf(schema);
  return rules.length > 0 ? rules.every((rule) => passes(rule, value)) : keepsToKeywords(schema, value);
}

/** The values of a schema that lists them. */
export function listValues(schema: JsonSchema): readonly unknown[] | undefined {
  if ("const" in schema) return [schema.const];
  return schema.enum as readonly unknown[] | undefined;
}

function isOfType(value: unknown, type: string): boolean {
  if (type === "null") return value === null;
  if (type === "integer") return Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  return typeof value === type && value !== null && !Array.isArray(value);
}

function passes({ item }: Rule, value: unknown): boolean {
  try {
    const { "~run": run } = item as unknown as { "~run": (dataset: object, config: object) => { issues?: unknown } };
    return run.call(item, { typed: true, value }, {}).issues === undefined;
  } catch {
    // A check that throws takes nothing.
    return false;
  }
}

function keepsToKeywords(schema: JsonSchema, value: unknown): boolean {
  const bound = (keyword: string, none: number) => (schema[keyword] ?? none) as number;
  if (schema.not !== undefined && takes(schema.not as JsonSchema, value)) return false;
  if (typeof value === "number") {
    if (value < bound("minimum", -Infinity) || value > bound("maximum", Infinity)) return false;
    if (value <= bound("exclusiveMinimum", -Infinity) || value >= bound("exclusiveMaximum", Infinity)) return false;
    return schema.multipleOf === undefined || value % (schema.multipleOf as number) === 0;
  }
  if (typeof value !== "string") return true;
  const length = [...value].length;
  if (length < bound("minLength", 0) || length > bound("maxLength", Infinity)) return false;
  return schema.pattern === undefined || new RegExp(schema.pattern as string).test(value);
}
