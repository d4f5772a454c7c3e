import type { DefinedEvent, Domain } from "../../../shared/events/domain.ts";
import { attributes, ORDERING_KEY } from "../../../shared/events/message.ts";
import { TOO_MANY_VALUES } from "../../../shared/events/words.ts";
import { type JsonSchema, toJsonSchema } from "./json-schema.ts";

/**
 * Makes the sample of an event as it arrives on its topic.
 *
 * @param sample as a caller sends it
 */
export function toMessageSample(sample: object): Readonly<Record<string, unknown>> {
  return { event_id: "evt_3f2b8c1d9e4a45f6b7c8d9e0f1a2b3c4", timestamp: "2026-01-31T12:00:00.000Z", ...sample };
}

/** What becomes of a payload that breaks its schema; `free` where there is no schema. */
export type PayloadMode = "free" | "report" | "enforce";

/** The contract of one event type, for callers and for consumers. */
export interface Picture {
  readonly event_type: string;
  readonly function: string;
  readonly topic: string;
  readonly ordering_key: string;
  readonly attributes: JsonSchema;
  readonly payload: PayloadMode;
  /** What a caller may send: anything else is refused. */
  readonly accepted: JsonSchema;
  /** What arrives on the topic; in report mode, what a message without `payload_faults` keeps to. */
  readonly published: JsonSchema;
}

/** What a message has beside its data. */
export interface MessageShape {
  readonly ORDERING_KEY: string;
  readonly attributes: typeof attributes;
}

/**
 * Draws the picture of one event type.
 *
 * @param shape what messages have beside their data, where it is not today's
 * @throws Error when a schema has no counterpart in JSON Schema
 */
export function toPicture(
  domain: Domain,
  event: DefinedEvent,
  shape: MessageShape = { ORDERING_KEY, attributes },
): Picture {
  const mode = toMode(event);
  const envelope = toJsonSchema(event.schema);
  return {
    event_type: event.type,
    function: domain.name,
    topic: domain.topic,
    ordering_key: shape.ORDERING_KEY,
    attributes: toAttributes(event, shape.attributes),
    payload: mode,
    accepted: withPayload(envelope, event, mode === "enforce"),
    published: toPublished(event),
  };
}

/**
 * The schema of an event type's messages: `event_id` and `timestamp` are always there.
 *
 * @returns a JSON Schema without references to anything outside of it
 */
export function toPublished(event: DefinedEvent): JsonSchema {
  const envelope = toJsonSchema(event.schema);
  const required = new Set([...(envelope.required as string[]), "event_id", "timestamp"]);
  const { properties, ...rest } = withPayload(envelope, event, true);
  const ordered = Object.keys(properties as object).filter((field) => required.has(field));
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: `urn:pulsecart:event:${event.type}`,
    title: event.type,
    description: event.description,
    ...rest,
    properties: Object.fromEntries(
      Object.entries(properties as object).map(([name, field]) => [name, toArrived(field)]),
    ),
    required: ordered,
  };
}

/** What is said of a field's absence is for callers: nothing that arrives lacks it. */
function toArrived(field: JsonSchema): JsonSchema {
  if (typeof field.description !== "string") return field;
  return { ...field, description: field.description.replace(/ ?Absent: [^.]*\./, "") };
}

/** A payload is an object even where its own schema takes anything: the envelope asks for it. */
export function toPayloadSchema(payload: NonNullable<DefinedEvent["payload"]>): JsonSchema {
  return { type: "object", ...toJsonSchema(payload) };
}

function toAttributes(event: DefinedEvent, shape: MessageShape["attributes"]): JsonSchema {
  const schema = toJsonSchema(shape);
  const properties = schema.properties as Record<string, JsonSchema>;
  return { ...schema, properties: { ...properties, event_type: { ...properties.event_type, const: event.type } } };
}

function toMode(event: DefinedEvent): PayloadMode {
  if (!event.payload) return "free";
  return event.enforce ? "enforce" : "report";
}

const REPORT = `Report mode: a message without the attribute \`payload_faults\` keeps to this schema; one that has it breaks it at the paths that it names; the path \`payload\` alone may say that it ${TOO_MANY_VALUES}.`;

/** The envelope with its payload's own schema, or with a free payload. Definitions of the payload move to the root. */
function withPayload(envelope: JsonSchema, event: DefinedEvent, hasSchema: boolean): JsonSchema {
  const own = envelope.properties as Record<string, JsonSchema>;
  // A copy, as the check of a free payload is no rule: its keywords say all of it.
  if (!event.payload || !hasSchema)
    return { ...envelope, properties: { ...own, payload: structuredClone(own.payload) } };
  const { $defs, ...payload } = toPayloadSchema(event.payload);
  const description = [payload.description, event.enforce ? undefined : REPORT].filter(Boolean).join(" ");
  const described = description ? { ...payload, description } : payload;
  return { ...envelope, ...($defs ? { $defs } : {}), properties: { ...own, payload: described } };
}
