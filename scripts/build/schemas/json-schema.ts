import { type ConversionConfig, toJsonSchema as convert } from "@valibot/to-json-schema";
import type * as v from "valibot";
import { say } from "../../../shared/events/words.ts";

/** A JSON Schema of draft 2020-12, as OpenAPI 3.1 has it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** One action of a pipe, or the check of a custom schema. */
export interface Rule {
  /** Our words for it; empty where there are none. */
  readonly text: string;
  /** valibot's own object, which decides. */
  readonly item: Action;
  /** Whether the schema's keywords say it: JSON Schema has one `format` for several kinds of address, and none for bytes. */
  readonly said: "all" | "part" | "nothing";
}

const RULES = Symbol("rules");

/** @returns the rules of a converted schema; none for a schema that was read from a file */
export function rulesOf(schema: JsonSchema): readonly Rule[] {
  return (schema as { readonly [RULES]?: readonly Rule[] })[RULES] ?? [];
}

interface Action {
  readonly kind: string;
  readonly type: string;
  readonly message?: unknown;
  readonly requirement?: unknown;
}

/** Kinds whose keyword takes more than they do, or less. */
const saidInPart = new Set(
  "email rfc_email ipv4 ipv6 iso_date iso_date_time iso_time iso_timestamp url uuid base64".split(" "),
);

/** Lengths in characters as JSON Schema counts them, which the converter leaves out. */
const lengths: Readonly<Record<string, (requirement: number) => { minLength?: number; maxLength?: number }>> = {
  code_points: (requirement) => ({ minLength: requirement, maxLength: requirement }),
  max_code_points: (requirement) => ({ maxLength: requirement }),
  min_code_points: (requirement) => ({ minLength: requirement }),
};

function isSaid({ type, requirement }: Action, { type: of }: { readonly type?: unknown }): boolean {
  // valibot counts UTF-16 code units, JSON Schema characters; up to one they are the same.
  if (of === "string" && /^((min|max)_)?length$/.test(type)) return type === "min_length" && Number(requirement) <= 1;
  return !saidInPart.has(type);
}

/**
 * How valibot becomes JSON Schema, for every document that we make.
 *
 * A rule that JSON Schema cannot express (bytes, days of a month, Unicode) is a sentence of its schema's description.
 */
export const conversion: ConversionConfig = {
  target: "draft-2020-12",
  typeMode: "input",
  overrideSchema({ valibotSchema, jsonSchema }) {
    // What a custom schema accepts stands in the metadata that follows it in its pipe.
    if (valibotSchema.type === "custom")
      return addRule(jsonSchema, { text: "", item: valibotSchema as Action, said: "nothing" });
    if (valibotSchema.type === "loose_object") return { ...jsonSchema, additionalProperties: true };
    // Any schema of a text can be that of a record's keys; the converter takes v.string() alone.
    if (valibotSchema.type === "record") return jsonSchema;
    return undefined;
  },
  overrideAction({ valibotAction, jsonSchema, errors }) {
    const item = valibotAction as Action;
    if (item.type === "description") return describe(jsonSchema, jsonSchema.description);
    if (item.kind !== "validation") return undefined;
    const words = typeof item.message === "string" ? item.message : say(item.kind, item.type, item);
    const text = `${words.replace(/^./, (letter) => letter.toUpperCase())}.`;
    if (!errors) return addRule(jsonSchema, { text, item, said: isSaid(item, jsonSchema) ? "all" : "part" });
    // Every number of JSON is finite.
    if (item.type === "finite") return jsonSchema;
    const length = Object.hasOwn(lengths, item.type) ? lengths[item.type]?.(Number(item.requirement)) : undefined;
    if (length) return addRule({ ...jsonSchema, ...length }, { text, item, said: "all" });
    const { description } = jsonSchema;
    const described = { ...jsonSchema, description: description ? `${description} ${text}` : text };
    return addRule(described, { text, item, said: "nothing" });
  },
};

/**
 * Converts a schema, as it is enforced, to JSON Schema.
 *
 * @returns the schema without `$schema`
 * @throws Error when the schema uses something of valibot that has no counterpart in JSON Schema and no words of ours
 */
export function toJsonSchema(schema: v.GenericSchema): JsonSchema {
  const { $schema: _, ...converted } = convert(schema, conversion);
  return converted;
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
