import { type ConversionConfig, toJsonSchema as convert } from "@valibot/to-json-schema";
import type * as v from "valibot";
import { actionWords, say } from "../../../shared/events/words.ts";

/** A JSON Schema of draft 2020-12, as OpenAPI 3.1 has it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A rule that JSON Schema cannot say: its sentence, and the code that decides. */
export interface Rule {
  readonly text: string;
  readonly source: string;
}

const RULES = Symbol("rules");

/** @returns the rules of a converted schema that its keywords do not say; none for a schema that was read from a file */
export function rulesOf(schema: JsonSchema): readonly Rule[] {
  return (schema as { readonly [RULES]?: readonly Rule[] })[RULES] ?? [];
}

interface Action {
  readonly kind: string;
  readonly type: string;
  readonly message?: unknown;
  readonly requirement?: unknown;
}

/** Lengths in characters as JSON Schema counts them, which the converter leaves out. */
const lengths: Readonly<Record<string, (requirement: number) => { minLength?: number; maxLength?: number }>> = {
  code_points: (requirement) => ({ minLength: requirement, maxLength: requirement }),
  max_code_points: (requirement) => ({ maxLength: requirement }),
  min_code_points: (requirement) => ({ minLength: requirement }),
};

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
    if (valibotSchema.type === "custom") return addRule(jsonSchema, { text: "", source: readSource(valibotSchema) });
    if (valibotSchema.type === "loose_object") return { ...jsonSchema, additionalProperties: true };
    // Any schema of a text can be that of a record's keys; the converter takes v.string() alone.
    if (valibotSchema.type === "record") return jsonSchema;
    return undefined;
  },
  overrideAction({ valibotAction, jsonSchema, errors }) {
    const { kind, type, message, requirement } = valibotAction as Action;
    if (type === "description") return describe(jsonSchema, jsonSchema.description);
    if (kind !== "validation" || !errors) return undefined;
    // Every number of JSON is finite.
    if (type === "finite") return jsonSchema;
    const length = Object.hasOwn(lengths, type) ? lengths[type]?.(Number(requirement)) : undefined;
    if (length) return { ...jsonSchema, ...length };
    const words = typeof message === "string" ? message : say(actionWords[type], { requirement });
    if (words === undefined) return undefined;
    const text = `${words.replace(/^./, (letter) => letter.toUpperCase())}.`;
    const { description } = jsonSchema;
    const described = { ...jsonSchema, description: description ? `${description} ${text}` : text };
    return addRule(described, { text, source: readSource(valibotAction) });
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
  const sentences = rulesOf(schema as JsonSchema).map(({ text }) => text);
  return { ...schema, description: [description, ...sentences].filter(Boolean).join(" ") };
}

function addRule<T extends object>(schema: T, rule: Rule): T {
  return { ...schema, [RULES]: [...rulesOf(schema as JsonSchema), rule] };
}

function readSource(item: object): string {
  const { type, requirement, check } = item as { type: string; requirement?: unknown; check?: unknown };
  return `${type} ${String(requirement ?? check)}`;
}
