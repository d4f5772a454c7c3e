import * as v from "valibot";
import { envelope } from "./envelope.ts";

/** Fields beyond the envelope: checks on top-level strings, as the scan makes nothing deeper of an event. */
type Fields = Readonly<Record<string, v.GenericSchema<string | undefined, string | undefined>>>;

/** One event type, as a domain's file states it. */
interface EventDefinition {
  /** One sentence: what happened. */
  readonly description: string;
  /** Whom to tell about it: a team, or an address. */
  readonly owner?: string;
  /** Fields beyond the envelope. */
  readonly fields?: Fields;
  /** What is inside `payload`, at any depth; members that it does not name are free. Without one the payload is free. */
  readonly payload?: v.GenericSchema;
  /** Whether a payload that breaks its schema is refused. Absent or false: it is accepted, and said (report mode). */
  readonly enforce?: boolean;
  /** A realistic event that the schema accepts; the domain's file leaves `event_type` out. */
  readonly sample: Readonly<Record<string, unknown>>;
}

type FieldsOf<TDefinition> = TDefinition extends { readonly fields: infer TFields extends Fields } ? TFields : unknown;

type PayloadOf<TDefinition> = TDefinition extends { readonly payload: infer TPayload extends v.GenericSchema }
  ? TPayload
  : (typeof envelope)["payload"];

type SchemaEntries<TType extends string, TDefinition> = {
  event_type: v.LiteralSchema<TType, undefined>;
} & Omit<typeof envelope, "payload"> & { payload: PayloadOf<TDefinition> } & FieldsOf<TDefinition>;

/** One event type of the registry: what its domain's file states, and its schema. */
export interface DefinedEvent<TSchema = v.GenericSchema & { readonly entries: v.ObjectEntries }>
  extends Omit<EventDefinition, "fields"> {
  readonly type: string;
  /** The envelope, the event type's own fields, and its literal `event_type`; other members are let through. */
  readonly schema: TSchema;
  readonly enforce: boolean;
}

/** One domain: one Cloud Function, one topic. */
export interface Domain {
  /** The function's name when deployed, and the domain's name in URLs of the local stack. */
  readonly name: string;
  /** The name that the bundle exports and functions-framework targets. */
  readonly entryPoint: string;
  /** Topic id, without the project. */
  readonly topic: string;
  /** Every event type of the domain, by its name. */
  readonly events: Readonly<Record<string, DefinedEvent>>;
}

/**
 * Defines a domain from its event types.
 *
 * @param definition name, entry point, topic, and by event type: description, extra fields, payload, mode, sample
 * @returns the domain with a schema for each event type, from which the TypeScript types are inferred
 */
export function defineDomain<const TEvents extends Readonly<Record<string, EventDefinition>>>(
  definition: Omit<Domain, "events"> & { readonly events: TEvents },
) {
  const events = Object.fromEntries(
    Object.entries(definition.events).map(([type, { fields, enforce = false, ...event }]) => {
      const schema = v.looseObject({ event_type: v.literal(type), ...envelope, ...fields });
      return [type, { ...event, enforce, type, schema, sample: { event_type: type, ...event.sample } }];
    }),
  ) as unknown as {
    readonly [TType in keyof TEvents & string]: DefinedEvent<
      v.LooseObjectSchema<SchemaEntries<TType, TEvents[TType]>, undefined>
    >;
  };
  return { ...definition, events };
}
