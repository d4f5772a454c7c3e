import type { Domain } from "../../../shared/events/domain.ts";
import { MAX_BATCH_BYTES, MAX_BATCH_EVENTS, MAX_EVENT_BYTES } from "../../../shared/events/limits.ts";
import { NDJSON_TYPES } from "../../../shared/http/media-type.ts";
import { toAnswerRefs } from "./answers.ts";
import { toComponentName, toSchemaRef } from "./event-schemas.ts";

/** Request headers by component name. */
export const requestHeaders = {
  IdempotencyKey: {
    name: "Idempotency-Key",
    in: "header",
    description:
      "For events without an `event_id`: the same key, function and event always give the same `event_id`, so that a request that is sent again makes no second event.",
    schema: { type: "string" },
  },
  Traceparent: {
    name: "traceparent",
    in: "header",
    description: "W3C Trace Context; passed on with the message and in the log. Ignored where it is invalid.",
    schema: { type: "string" },
  },
  Verification: {
    name: "PulseCart-Verification",
    in: "header",
    description:
      "What a deployment sends to check itself: the messages have it as their attribute `verification`, in lower case, by which subscriptions leave them out. Ignored where it is not 16 to 64 hex digits.",
    schema: { type: "string" },
  },
  ContentEncoding: {
    name: "Content-Encoding",
    in: "header",
    description: "How the body is compressed.",
    schema: { enum: ["gzip", "x-gzip", "deflate", "br", "identity"] },
  },
};

/**
 * The operations of one function.
 *
 * @returns path items by path
 */
export function toPaths(domain: Domain): Readonly<Record<string, object>> {
  const name = toComponentName(domain.name);
  const takesEvents = {
    tags: [domain.name],
    parameters: Object.keys(requestHeaders).map((header) => ({ $ref: `#/components/parameters/${header}` })),
  };
  const event = {
    ...takesEvents,
    requestBody: { $ref: `#/components/requestBodies/${name}Event` },
    responses: toAnswerRefs("event"),
  };
  return {
    "/events/ingest": {
      post: {
        operationId: `ingest${name}Event`,
        summary: "Send one event",
        description: "Answered with 202 only after Pub/Sub has acknowledged the message.",
        ...event,
      },
    },
    "/": {
      post: {
        operationId: `ingest${name}EventAtRoot`,
        summary: "Send one event (short path)",
        description: "The same as `/events/ingest`.",
        ...event,
      },
    },
    "/events/batch": {
      post: {
        operationId: `ingest${name}Batch`,
        summary: `Send 1 to ${MAX_BATCH_EVENTS} events`,
        description:
          "Each event stands alone: the valid ones are published, one user's in their order. When one of a user's events cannot be published, that user's later ones are not attempted.",
        ...takesEvents,
        requestBody: { $ref: `#/components/requestBodies/${name}Batch` },
        responses: toAnswerRefs("batch"),
      },
    },
    "/events/validate": {
      post: {
        operationId: `validate${name}Events`,
        summary: "Check one event or a batch, and publish nothing",
        description:
          "Takes what the other two take, and answers with what they would find. An array or NDJSON is a batch. For samples in a caller's CI.",
        ...takesEvents,
        requestBody: { $ref: `#/components/requestBodies/${name}Samples` },
        responses: toAnswerRefs("check"),
      },
    },
    "/health": {
      get: {
        operationId: `get${name}Health`,
        summary: "See whether the function serves",
        description: "Says nothing of Pub/Sub. `contract` changes with what the function takes and publishes.",
        tags: [domain.name],
        responses: toAnswerRefs("health"),
      },
      head: {
        operationId: `probe${name}Health`,
        summary: "See whether the function serves, without a body",
        description: "The same as GET, for monitors that only want the status.",
        tags: [domain.name],
        responses: toAnswerRefs("health"),
      },
    },
    "/openapi.json": {
      get: {
        operationId: `get${name}Document`,
        summary: "Read this document",
        description: "Made of the same registry that events are checked against.",
        tags: [domain.name],
        responses: toAnswerRefs("document"),
      },
      head: {
        operationId: `probe${name}Document`,
        summary: "See whether this document is there",
        description: "The same as GET, without the document.",
        tags: [domain.name],
        responses: toAnswerRefs("document"),
      },
    },
  };
}

/** The request bodies of one function by component name: one event, and a batch in either of its forms. */
export function toRequestBodies(domain: Domain): Readonly<Record<string, object>> {
  const name = toComponentName(domain.name);
  const event = toSchemaRef(`${name}Event`);
  const samples = Object.values(domain.events).map(({ sample }) => sample);
  const batch = { type: "array", minItems: 1, maxItems: MAX_BATCH_EVENTS, items: event };
  const lines = {
    schema: { type: "string", description: "One event a line; blank lines do not count." },
    example: samples.map((sample) => `${JSON.stringify(sample)}\n`).join(""),
  };
  return {
    [`${name}Event`]: {
      required: true,
      description: toLimit(MAX_EVENT_BYTES),
      content: { "application/json": { schema: event, examples: toExamples(domain) } },
    },
    [`${name}Batch`]: {
      required: true,
      description: toLimit(MAX_BATCH_BYTES),
      content: {
        "application/json": { schema: batch, example: samples },
        ...toLineTypes(lines),
      },
    },
    [`${name}Samples`]: {
      required: true,
      description: `One event, or a batch. ${toLimit(MAX_BATCH_BYTES)}`,
      content: {
        "application/json": { schema: { oneOf: [event, batch] }, examples: toExamples(domain) },
        ...toLineTypes(lines),
      },
    },
  };
}

function toLineTypes(lines: object): Readonly<Record<string, object>> {
  return Object.fromEntries(NDJSON_TYPES.map((mediaType) => [mediaType, lines]));
}

function toLimit(bytes: number): string {
  return `At most ${bytes / 1024 / 1024} MiB, also when inflated.`;
}

function toExamples(domain: Domain): Readonly<Record<string, object>> {
  return Object.fromEntries(
    Object.values(domain.events).map(({ type, description, sample }) => [
      type,
      { summary: description, value: sample },
    ]),
  );
}
