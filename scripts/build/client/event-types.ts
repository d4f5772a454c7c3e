import { toJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";
import type { DefinedEvent, Domain } from "../../../shared/events/domain.ts";

/** A JSON Schema, of which only what makes a type is read. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Properties;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
}

type Properties = Readonly<Record<string, Schema>>;

/** `any`, not `unknown`: an object of an interface type has no index signature and would be refused. */
const FREE_MEMBERS = "[member: string]: any;";

/**
 * Writes the types of all events down, from their schemas.
 *
 * @returns a module with the names that `shared/client/events.ts` exports, and nothing to import
 */
export function toEventTypes(domains: Readonly<Record<string, Domain>>): string {
  const events = Object.values(domains).flatMap((domain) => Object.values(domain.events));
  const fields: Properties = Object.assign({}, ...events.map(({ schema }) => toSchema(schema).properties));
  const entries = events.map(
    (event) => `${toComment(event.description)}${JSON.stringify(event.type)}: ${toEventType(event, fields)};`,
  );
  const names = Object.keys(domains).map((name) => JSON.stringify(name));
  return [
    "/** Every event by its type. Members of a payload that are not named here are free. */",
    `export interface Events {\n${indent(entries.join("\n"))}\n}`,
    "/** The names of all event types. */",
    "export type EventType = keyof Events;",
    '/** The shape of an event by its type: `EventOf<"order.placed">`. */',
    "export type EventOf<TType extends EventType> = Events[TType];",
    "/** The functions that take events, by the names under which they are deployed. */",
    `export type FunctionName = ${names.join(" | ")};\n`,
  ].join("\n");
}

/** The envelope has the fields of all types and no others, so that what is misspelt in a literal does not compile. */
function toEventType({ schema, payload }: DefinedEvent, fields: Properties): string {
  const { properties, required } = toSchema(schema);
  const own = { ...fields, ...properties, ...(payload && { payload: toSchema(payload) }) };
  return toObjectType({ properties: own, ...(required && { required }) }, "");
}

function toSchema(schema: v.GenericSchema): Schema {
  return toJsonSchema(schema, { typeMode: "input", errorMode: "ignore" }) as Schema;
}

function toType(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.anyOf) return schema.anyOf.map(toType).join(" | ");
  switch (schema.type) {
    case "string":
    case "boolean":
    case "null":
      return schema.type;
    case "number":
    case "integer":
      return "number";
    case "array":
      return `readonly (${toType(schema.items ?? {})})[]`;
    case "object":
      return toObjectType(schema);
    default:
      throw new Error(`There is no TypeScript type for the schema ${JSON.stringify(schema)}.`);
  }
}

function toObjectType({ properties = {}, required = [], additionalProperties }: Schema, others = FREE_MEMBERS): string {
  const isRecord = typeof additionalProperties === "object" && Object.keys(additionalProperties).length > 0;
  const free = isRecord ? `[member: string]: ${toType(additionalProperties)};` : others;
  const members = Object.entries(properties).map(([name, schema]) => {
    const type = toType(schema);
    const [mark, end] = required.includes(name) ? ["", ""] : ["?", " | undefined"];
    return `${toComment(schema.description)}${JSON.stringify(name)}${mark}: ${type}${end};`;
  });
  return `{\n${indent([...members, free].join("\n"))}\n}`;
}

function toComment(description: string | undefined): string {
  return description === undefined ? "" : `/** ${description.replaceAll("*/", "*\\/")} */\n`;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "  ");
}
