import { MAX_BATCH_ERRORS, MAX_BATCH_EVENTS, MAX_WARNINGS } from "../../../shared/events/limits.ts";
import { type ProblemCode, problems } from "../../../shared/http/problem.ts";
import type { JsonSchema } from "../schemas/json-schema.ts";
import { toSchemaRef } from "./event-schemas.ts";

/** What can be wrong with one event of a batch, whatever becomes of the others. */
const batchEntryCodes: readonly ProblemCode[] = [
  "malformed_json",
  "missing_event_type",
  "unknown_event_type",
  "wrong_function",
  "invalid_event",
  "publish_unavailable",
  "publish_timeout",
  "publish_rejected",
  "misconfigured",
  "not_attempted",
  "internal",
];

const eventId = { ...toSchemaRef("EventId"), description: "The event's identity, the caller's own or the given one." };

const acceptedMembers = {
  event_id: eventId,
  message_id: { type: "string", description: "What Pub/Sub acknowledged the message with." },
};

/** What is said of an event whose payload breaks its schema, whatever became of the event. */
const warningMembers = {
  warnings: {
    type: "array",
    items: toSchemaRef("FieldError"),
    maxItems: MAX_WARNINGS,
    description: "What is wrong with the payload of a type in report mode; nothing is refused for it.",
  },
  warnings_omitted: { type: "integer", minimum: 1, description: "How many more warnings there are." },
};

const problemMembers = {
  detail: { type: "string", description: "One sentence for a person; it never repeats a rejected value." },
  event_id: { ...toSchemaRef("EventId"), description: "Send the event again under this identity." },
  errors: {
    type: "array",
    items: toSchemaRef("FieldError"),
    description: "Every fault of the event at once, one a path.",
  },
  errors_omitted: {
    type: "integer",
    minimum: 1,
    description: `How many more there are. Only where an answer to a batch lists ${MAX_BATCH_ERRORS} errors in all: further events then list their first ${MAX_WARNINGS}.`,
  },
  retryable: {
    type: "boolean",
    description: "Whether the same request can succeed later. Absent where the request itself is at fault.",
  },
  ...warningMembers,
};

/** The answers' schemas by component name, the same for all functions. */
export const answerSchemas: Readonly<Record<string, JsonSchema>> = {
  Accepted: {
    description: "Pub/Sub has acknowledged the event.",
    type: "object",
    properties: { status: { const: "accepted" }, ...acceptedMembers, ...warningMembers },
    required: ["status", "event_id", "message_id"],
    examples: [
      { status: "accepted", event_id: "evt_5f0c1d2e3b4a59687766554433221100", message_id: "17492950137482113" },
    ],
  },
  BatchResults: toResults("BatchAccepted", "BatchProblem"),
  BatchAccepted: {
    description: "Pub/Sub has acknowledged this event.",
    type: "object",
    properties: { status: { const: 202 }, ...acceptedMembers, ...warningMembers },
    required: ["status", "event_id", "message_id"],
  },
  BatchProblem: {
    description: "This event was not published.",
    type: "object",
    properties: {
      status: { type: "integer", enum: [...new Set(batchEntryCodes.map((code) => problems[code].status))].sort() },
      code: { type: "string", enum: batchEntryCodes },
      ...problemMembers,
    },
    required: ["status", "code", "detail"],
  },
  Valid: {
    description: "The event would be accepted.",
    type: "object",
    properties: { status: { const: "valid" }, ...warningMembers },
    required: ["status"],
  },
  CheckResults: toResults("CheckedEvent", "BatchProblem"),
  CheckedEvent: {
    description: "This event would be accepted.",
    type: "object",
    properties: { status: { const: 200 }, ...warningMembers },
    required: ["status"],
  },
  Health: {
    type: "object",
    properties: {
      status: { const: "ok" },
      version: { type: "string", description: "The package's version." },
      commit: {
        type: "string",
        description: "The commit that it was built from, where the build knew it.",
        pattern: "^[0-9a-f]{12}$",
      },
      contract: {
        type: "string",
        description: "A fingerprint of this function's contract.",
        pattern: "^[0-9a-f]{16}$",
      },
    },
    required: ["status", "version", "contract"],
  },
  Problem: {
    description: "Problem details (RFC 9457).",
    type: "object",
    properties: {
      type: { type: "string", description: "`urn:pulsecart:problem:` and the code." },
      title: { type: "string" },
      status: { type: "integer" },
      code: { type: "string", description: "What to program against." },
      ...problemMembers,
    },
    required: ["type", "title", "status", "code", "detail"],
  },
  FieldError: {
    description: "One fault of an event: where, and what is wrong there.",
    type: "object",
    properties: { path: { type: "string" }, message: { type: "string" } },
    required: ["path", "message"],
  },
};

function toResults(...entries: readonly string[]): JsonSchema {
  return {
    description: "One entry an event, in the order in which they were sent.",
    type: "object",
    properties: {
      results: {
        type: "array",
        minItems: 1,
        maxItems: MAX_BATCH_EVENTS,
        items: { oneOf: entries.map(toSchemaRef) },
      },
    },
    required: ["results"],
  };
}
