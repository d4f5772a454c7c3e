import { type ConversionConfig, toJsonSchemaDefs } from "@valibot/to-json-schema";
import type * as v from "valibot";
import type { Domain } from "../../../shared/events/domain.ts";
import { domains } from "../../../shared/events/registry.ts";
import { TOO_MANY_VALUES } from "../../../shared/events/words.ts";
import { conversion, type JsonSchema, moveRefs } from "../schemas/json-schema.ts";
import { toPayloadSchema } from "../schemas/picture.ts";
import { toPublishable } from "../schemas/publishable.ts";

/**
 * Names a component: `order.placed` is `OrderPlaced`, `event_id` is `EventId`, `user-actions` is `UserActions`.
 *
 * @param name an event type, or the name of a field or a domain
 */
export function toComponentName(name: string): string {
  return name.replace(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** @returns the reference to a schema among the document's components */
export function toSchemaRef(component: string): JsonSchema {
  return { $ref: `#/components/schemas/${component}` };
}

/**
 * Converts a domain's event types, as they are enforced, to JSON Schema.
 *
 * A rule that JSON Schema cannot express (bytes, days of a month, Unicode) is a sentence of its field's description.
 *
 * @returns by component name: each field, each event type with its sample, and `<Domain>Event`, which is any of them
 * @throws Error when a schema uses something of valibot that has no counterpart in JSON Schema
 */
export function toEventSchemas(domain: Domain): Readonly<Record<string, JsonSchema>> {
  const events = Object.values(domain.events).map((event) => ({ ...event, component: toComponentName(event.type) }));
  const named = {
    ...collectFields(domain),
    ...Object.fromEntries(events.map(({ component, schema }) => [component, schema])),
  };
  const schemas = toJsonSchemaDefs(
    Object.fromEntries(Object.entries(named).map(([component, schema]) => [component, toPublishable(schema)])),
    { ...conversion, overrideSchema, overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}` },
  ) as Record<string, JsonSchema>;
  for (const { component, description, owner, payload, enforce, sample } of events) {
    const own: JsonSchema = { description, ...(owner !== undefined && { "x-owner": owner }) };
    const schema: JsonSchema = { ...own, ...schemas[component], examples: [sample] };
    schemas[component] = schema;
    if (!payload) continue;
    const inner = `${component}Payload`;
    schemas[component] = {
      ...schema,
      properties: { ...(schema.properties as object), payload: toSchemaRef(inner) },
    };
    schemas[inner] = {
      ...moveRefs(toPayloadSchema(payload), `#/components/schemas/${inner}`),
      description: enforce ? ENFORCED : REPORTED,
      "x-payload-mode": enforce ? "enforce" : "report",
    };
  }
  schemas[`${toComponentName(domain.name)}Event`] = {
    oneOf: events.map(({ component }) => toSchemaRef(component)),
    discriminator: {
      propertyName: "event_type",
      mapping: Object.fromEntries(events.map(({ type, component }) => [type, toSchemaRef(component).$ref])),
    },
  };
  return schemas;
}

const ENFORCED = `Enforce mode: an event whose payload breaks this schema, or ${TOO_MANY_VALUES}, is refused.`;
const REPORTED = `Report mode: an event whose payload breaks this schema, or ${TOO_MANY_VALUES}, is accepted and published as sent; the answer says so in \`warnings\`.`;

/** An event's type as a list of one: generators of clients stumble over a bare `const`. */
const overrideSchema: NonNullable<ConversionConfig["overrideSchema"]> = (context) => {
  const { literal } = context.valibotSchema as { literal?: unknown };
  if (typeof literal === "string") return { type: "string", enum: [literal] };
  return conversion.overrideSchema?.(context);
};

/** The fields of a domain's events by component name, without those that do not mean the same in all of the registry. */
function collectFields(domain: Domain): Record<string, v.GenericSchema> {
  const meanings = new Map<string, Set<unknown>>();
  for (const [field, schema] of Object.values<Domain>(domains).flatMap(listFields)) {
    meanings.set(field, (meanings.get(field) ?? new Set()).add(schema));
  }
  const shared = listFields(domain).filter(([field]) => meanings.get(field)?.size === 1);
  return Object.fromEntries(shared.map(([field, schema]) => [toComponentName(field), schema]));
}

function listFields(domain: Domain): [string, v.GenericSchema][] {
  return Object.values(domain.events).flatMap(({ schema, payload }) => {
    // A payload with a schema is a component of its own.
    const own = ["event_type", ...(payload ? ["payload"] : [])];
    return Object.entries(schema.entries).filter(([field]) => !own.includes(field)) as [string, v.GenericSchema][];
  });
}
