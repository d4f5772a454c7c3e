import { type ConversionConfig, toJsonSchema as convert } from "@valibot/to-json-schema";
import type * as v from "valibot";
import { listFaults } from "../../../shared/events/judging/faults.ts";
import { prepare } from "../../../shared/events/judging/prepare.ts";
import type { Item, Schema } from "../../../shared/events/judging/valibot.ts";
import { say } from "../../../shared/events/words.ts";
import { toKeywords } from "./keywords.ts";
import { type OwnAction, type Present, toPublishable } from "./publishable.ts";

/**
 * Moves a schema into a document: its references to its own definitions start at the document's root.
 *
 * @param pointer where the schema stands in the document, such as `#/components/schemas/Order`
 */
export function moveRefs(schema: JsonSchema, pointer: string): JsonSchema {
  const move = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(move);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([keyword, inner]) => [
        keyword,
        keyword === "$ref" && typeof inner === "string"
          ? inner.replace(/^#\/\$defs\//, `${pointer}/$defs/`)
          : move(inner),
      ]),
    );
  };
  return move(schema) as JsonSchema;
}

/** A JSON Schema of draft 2020-12, as OpenAPI 3.1 has it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** One action of a pipe, or the check of a custom schema. */
export interface Rule {
  /** Our words for it; empty where there are none. */
  readonly text: string;
  /** valibot's own object, which decides. */
  readonly item: Item;
  /** Whether the schema's keywords say it: a limit of UTF-16 code units is a limit of characters, but not the other way round. */
  readonly said: "all" | "part" | "nothing";
}

const RULES = Symbol("rules");

/** @returns the rules of a converted schema; none for a schema that was read from a file */
export function rulesOf(schema: JsonSchema): readonly Rule[] {
  return (schema as { readonly [RULES]?: readonly Rule[] })[RULES] ?? [];
}

/**
 * How valibot becomes JSON Schema, for every document that we make; its schemas are made publishable before.
 *
 * A rule that JSON Schema cannot express (bytes, days of a month, Unicode) is a sentence of its schema's description.
 */
export const conversion: ConversionConfig = {
  target: "draft-2020-12",
  typeMode: "input",
  overrideSchema: ({ valibotSchema, jsonSchema }) =>
    toSchema(valibotSchema as unknown as Schema, jsonSchema as JsonSchema),
  overrideAction({ valibotAction, jsonSchema }) {
    const { type } = valibotAction as { type: string };
    if (type === "own") return addAction(jsonSchema as JsonSchema, valibotAction as unknown as OwnAction);
    return type === "description" ? describe(jsonSchema, jsonSchema.description) : undefined;
  },
};

/**
 * Converts a schema, as it is enforced, to JSON Schema.
 *
 * @returns the schema without `$schema`
 */
export function toJsonSchema(schema: v.GenericSchema): JsonSchema {
  const { $schema: _, ...converted } = convert(toPublishable(schema), conversion);
  return converted;
}

/** Nothing is taken. */
const NEVER: JsonSchema = { not: {} };

/** Corrects what the converter makes of a schema, where that is not what is judged. */
function toSchema(schema: Schema, converted: JsonSchema): JsonSchema | undefined {
  const { type, options = [], items = [] } = schema as Schema & { readonly items?: readonly Schema[] };
  switch (type as string) {
    case "custom":
      // What it accepts stands in the metadata that follows it in its pipe.
      return addRule(converted, { text: "", item: schema, said: "nothing" });
    case "loose_object":
      return { ...withOwnNames(schema, converted), additionalProperties: true };
    case "object":
    case "strict_object":
    case "object_with_rest":
      return withOwnNames(schema, converted);
    case "record":
      // Any schema of a text can be that of a record's keys; the converter takes v.string() alone.
      return converted;
    case "literal":
      return schema.literal === null ? { type: "null" } : undefined;
    case "picklist":
    case "enum":
      return toChoice([...new Set(options)]);
    case "union":
    case "intersect":
      return options.length === 0 ? NEVER : undefined;
    case "tuple":
    case "loose_tuple":
    case "strict_tuple":
    case "tuple_with_rest":
      return {
        ...converted,
        minItems: items.findLastIndex(isNeeded) + 1,
        ...(items.length === 0 && { prefixItems: undefined }),
      };
    case "not_null":
      return { not: { type: "null" } };
    default:
      return undefined;
  }
}

/** An assignment to `__proto__` made a prototype of its schema. */
function withOwnNames({ entries = {} }: Schema, converted: JsonSchema): JsonSchema {
  if (!Object.hasOwn(entries, "__proto__")) return converted;
  const properties = converted.properties as object;
  return {
    ...converted,
    properties: Object.fromEntries([...Object.entries(properties), ["__proto__", Object.getPrototypeOf(properties)]]),
  };
}

function toChoice(values: readonly unknown[]): JsonSchema {
  if (values.length === 0) return NEVER;
  const types = [...new Set(values.map((value) => (value === null ? "null" : typeof value)))];
  return { enum: values, type: types.length === 1 ? types[0] : types };
}

/** Whether a tuple must have an item: valibot judges an absent one as undefined. */
function isNeeded(item: Present): boolean {
  if (item.isPresent) return true;
  try {
    return listFaults(prepare(item), undefined, "item") !== undefined;
  } catch {
    return false;
  }
}

function addAction(schema: JsonSchema, { action, of }: OwnAction): JsonSchema {
  // Brands and such are for TypeScript alone.
  if (action.kind === "transformation" && action.type !== "guard") return schema;
  const keywords = toKeywords({ action, of, schema });
  const words = typeof action.message === "string" ? action.message : say(action);
  const text = `${words.replace(/^./, (letter) => letter.toUpperCase())}.`;
  if (keywords) {
    const isText = schema.type === "string" && /^(?:max_|min_)?length$/.test(action.type);
    const said = isText && Number(action.requirement) > 1 ? "part" : "all";
    return addRule(addKeywords(schema, keywords), { text, item: action, said });
  }
  const { description } = schema;
  const described = { ...schema, description: description ? `${description} ${text}` : text };
  return addRule(described, { text, item: action, said: "nothing" });
}

/** Of what is said twice, both count. */
function addKeywords(schema: JsonSchema, keywords: JsonSchema): JsonSchema {
  const merged: Record<string, unknown> = { ...schema };
  const rest: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(keywords)) {
    const known = merged[keyword];
    if (known === undefined || (keyword === "type" && value === "integer")) merged[keyword] = value;
    else if (/^(?:min|exclusiveMin)/.test(keyword)) merged[keyword] = Math.max(known as number, value as number);
    else if (/^(?:max|exclusiveMax)/.test(keyword)) merged[keyword] = Math.min(known as number, value as number);
    else rest[keyword] = value;
  }
  if (Object.keys(rest).length > 0) merged.allOf = [...((merged.allOf as readonly unknown[] | undefined) ?? []), rest];
  return withRules(merged, rulesOf(schema));
}

/** A description that stands behind a rule in a pipe would replace the rule's sentence. */
function describe<T extends object>(schema: T, description: string | undefined): T {
  const sentences = rulesOf(schema as JsonSchema)
    .filter(({ said }) => said === "nothing")
    .map(({ text }) => text);
  return { ...schema, description: [description, ...sentences].filter(Boolean).join(" ") };
}

function addRule<T extends object>(schema: T, rule: Rule): T {
  return withRules(schema, [...rulesOf(schema as JsonSchema), rule]);
}

/** The same schema with these rules, in the place of its own. */
export function withRules<T extends object>(schema: T, rules: readonly Rule[]): T {
  return { ...schema, [RULES]: rules };
}

/**
 * Prints a value as RFC 8785 has it: members by their names' UTF-16 code units, no white space, numbers as JavaScript does.
 *
 * @param value as JSON.parse makes them; members that are undefined are left out
 */
export function toCanonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toCanonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${toCanonicalJson(member)}`);
  return `{${members.join(",")}}`;
}
