import { compile, type JSONSchema } from "json-schema-to-typescript";
import type { DefinedEvent, Domain } from "../../../shared/events/domain.ts";
import { toComponentName } from "../openapi/event-schemas.ts";
import { type JsonSchema, toJsonSchema } from "../schemas/json-schema.ts";

type Properties = Readonly<Record<string, JsonSchema>>;

/** What the converter makes is writable, and an optional member of it must not be undefined where callers ask for exact types. */
const SENT = `/** The same for whoever sends it: arrays may be readonly, and what is left out undefined. */
type Sent<T> = T extends readonly (infer Item)[]
  ? readonly Sent<Item>[]
  : T extends object
    ? { [K in keyof T]: {} extends Pick<T, K> ? Sent<T[K]> | undefined : Sent<T[K]> }
    : T;`;

/**
 * Writes the types of all events down, from their schemas.
 *
 * @returns a module with the names that `shared/client/events.ts` exports, and nothing to import
 */
export async function toEventTypes(domains: Readonly<Record<string, Domain>>): Promise<string> {
  const events = Object.values(domains).flatMap((domain) => Object.values(domain.events));
  const envelopes = events.map(({ schema }) => toJsonSchema(schema).properties as Properties);
  const fields: Properties = Object.assign({}, ...envelopes);
  const definitions: Record<string, unknown> = {};
  const properties = Object.fromEntries(events.map((event) => [event.type, toEvent(event, fields, definitions)]));
  const all = { type: "object", properties, required: events.map(({ type }) => type), additionalProperties: false };
  const written = await compile({ ...all, definitions } as JSONSchema, "Written", {
    bannerComment: "",
    format: false,
    ignoreMinAndMaxItems: true,
    // An object of an interface type has no index signature: it would be refused where a member is unknown.
    unknownAny: false,
  });
  const names = Object.keys(domains).map((name) => JSON.stringify(name));
  return [
    written.replaceAll(/^export /gm, ""),
    SENT,
    "/** Every event by its type. Members of a payload that are not named here are free. */",
    "export type Events = { [TType in keyof Written]: Sent<Written[TType]> };",
    "/** The names of all event types. */",
    "export type EventType = keyof Events;",
    '/** The shape of an event by its type: `EventOf<"order.placed">`. */',
    "export type EventOf<TType extends EventType> = Events[TType];",
    "/** The functions that take events, by the names under which they are deployed. */",
    `export type FunctionName = ${names.join(" | ")};\n`,
  ].join("\n");
}

/** The envelope has the fields of all types and no others, so that what is misspelt in a literal does not compile. */
function toEvent(event: DefinedEvent, fields: Properties, definitions: Record<string, unknown>): unknown {
  const { properties, required } = toJsonSchema(event.schema);
  const { $defs = {}, ...payload } = (
    event.payload ? toJsonSchema(event.payload) : (properties as Properties).payload
  ) as JsonSchema;
  const name = `${toComponentName(event.type)}Part`;
  for (const [key, part] of Object.entries($defs as Properties)) definitions[name + key] = toTyped(part, name);
  const own = { ...fields, ...(properties as Properties), payload: payload as JsonSchema };
  return toTyped(
    { type: "object", description: event.description, properties: own, required, additionalProperties: false },
    name,
  );
}

/** Leaves out what is no type, or would name one. */
function toTyped(value: unknown, definition: string): unknown {
  if (Array.isArray(value)) return value.map((item) => toTyped(item, definition));
  if (typeof value !== "object" || value === null) return value;
  const schema = value as JsonSchema;
  const kept = Object.entries(schema).filter(
    ([keyword]) => !["title", "$id", "id", "examples", "default"].includes(keyword),
  );
  const typed = kept.map(([keyword, inner]) => {
    if (keyword === "const" || keyword === "enum") return [keyword, inner];
    if (keyword === "$ref") return [keyword, String(inner).replace("#/$defs/", `#/definitions/${definition}`)];
    // A member may have the name of a keyword.
    if (keyword === "properties") return [keyword, mapMembers(inner as Properties, definition)];
    return [keyword, toTyped(inner, definition)];
  });
  // TypeScript wants every member to be of the type of those that are not named.
  const isMixed =
    typeof schema.additionalProperties === "object" && Object.keys((schema.properties ?? {}) as object).length > 0;
  return { ...Object.fromEntries(typed), ...(isMixed && { additionalProperties: true }) };
}

function mapMembers(properties: Properties, definition: string): object {
  return Object.fromEntries(Object.entries(properties).map(([name, part]) => [name, toTyped(part, definition)]));
}
