import project from "../../../package.json" with { type: "json" };
import type { DefinedEvent, Domain } from "../../../shared/events/domain.ts";
import { TOPIC_RETENTION_DAYS } from "../../common/pubsub-resources.ts";
import { type JsonSchema, moveRefs } from "../schemas/json-schema.ts";
import { type Picture, toMessageSample, toPicture } from "../schemas/picture.ts";

/** An AsyncAPI document, as far as our own code looks into it. */
export interface AsyncApiDocument {
  readonly asyncapi: string;
  readonly info: object;
  readonly defaultContentType: string;
  readonly servers: Readonly<Record<string, object>>;
  /** By topic id. */
  readonly channels: Readonly<Record<string, object>>;
  /** By the function's name. */
  readonly operations: Readonly<Record<string, object>>;
  readonly components: { readonly messages: Readonly<Record<string, AsyncApiMessage>> };
}

export interface AsyncApiMessage {
  /** The event type. */
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  /** Whom to tell about it; absent where the registry does not say. */
  readonly "x-owner"?: string;
  readonly contentType: string;
  readonly correlationId: object;
  readonly bindings: object;
  readonly headers: JsonSchema;
  readonly payload: JsonSchema;
  readonly examples: readonly { readonly name: string; readonly headers: object; readonly payload: object }[];
}

const description = `What consumers find on the topics of PulseCart's producer: one message an event, in the order in which one user's events were accepted. Drop an \`event_id\` that you have seen: Pub/Sub delivers at least once, and callers send again.`;

/**
 * Describes what all functions publish: a channel a topic, an operation a function, a message an event type.
 *
 * @returns an AsyncAPI 3.0 document; its schemas are those of `npm run schemas`
 */
export function toAsyncApi(domains: readonly Domain[]): AsyncApiDocument {
  const events = domains.flatMap((domain) => Object.values(domain.events).map((event) => ({ domain, event })));
  return {
    asyncapi: "3.0.0",
    info: {
      title: "PulseCart producer",
      version: project.version,
      description,
      license: { name: "MIT", url: "https://opensource.org/license/mit" },
    },
    defaultContentType: "application/json",
    servers: {
      pubsub: { host: "pubsub.googleapis.com", protocol: "googlepubsub", description: "Google Cloud Pub/Sub" },
    },
    channels: Object.fromEntries(domains.map((domain) => [domain.topic, toChannel(domain)])),
    operations: Object.fromEntries(domains.map((domain) => [domain.name, toOperation(domain)])),
    components: {
      messages: Object.fromEntries(events.map(({ domain, event }) => [event.type, toMessage(domain, event)])),
    },
  };
}

function toChannel(domain: Domain): object {
  return {
    address: `projects/{project}/topics/${domain.topic}`,
    title: domain.topic,
    description: `Events that the function \`${domain.name}\` accepts. Subscribe in the topic's own region, with message ordering.`,
    servers: [{ $ref: "#/servers/pubsub" }],
    parameters: { project: { description: "The id of the Google Cloud project that owns the topic." } },
    messages: toReferences(domain, (type) => `#/components/messages/${type}`),
    // Not a binding: that of a channel is valid only with a Pub/Sub schema, and these topics have none.
    "x-message-retention-duration": `${TOPIC_RETENTION_DAYS * 86_400}s`,
    "x-allowed-persistence-regions": "the region of the functions, and no other",
  };
}

function toOperation(domain: Domain): object {
  return {
    action: "send",
    title: domain.name,
    summary: `The function \`${domain.name}\` publishes each event before it answers 202.`,
    channel: { $ref: `#/channels/${domain.topic}` },
    messages: Object.values(toReferences(domain, (type) => `#/channels/${domain.topic}/messages/${type}`)),
  };
}

function toReferences(domain: Domain, toPointer: (type: string) => string): Record<string, { $ref: string }> {
  return Object.fromEntries(Object.keys(domain.events).map((type) => [type, { $ref: toPointer(type) }]));
}

function toMessage(domain: Domain, event: DefinedEvent): AsyncApiMessage {
  const picture = toPicture(domain, event);
  // AsyncAPI has a dialect of its own, which has no place for another's name; references start at the document.
  const { $schema: _, $id: _id, ...own } = picture.published;
  const payload = moveRefs(own, `#/components/messages/${event.type}/payload`);
  const sample = toMessageSample(event.sample);
  return {
    name: event.type,
    title: event.type,
    summary: event.description,
    ...(event.owner !== undefined && { "x-owner": event.owner }),
    contentType: "application/json",
    headers: picture.attributes,
    correlationId: { description: "The event's identity.", location: "$message.header#/event_id" },
    payload,
    bindings: { googlepubsub: toBinding(picture) },
    examples: [{ name: "sample", headers: { event_type: event.type, event_id: sample.event_id }, payload: sample }],
  };
}

function toBinding({ attributes, ordering_key }: Picture): object {
  return { bindingVersion: "0.2.0", orderingKey: ordering_key, attributes: attributes.properties };
}
