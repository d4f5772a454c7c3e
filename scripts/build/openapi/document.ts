import project from "../../../package.json" with { type: "json" };
import type { Domain } from "../../../shared/events/domain.ts";
import { answerSchemas } from "./answer-schemas.ts";
import { answerHeaders, toAnswers } from "./answers.ts";
import { toEventSchemas } from "./event-schemas.ts";
import { requestHeaders, toPaths, toRequestBodies } from "./operations.ts";

/** An OpenAPI document, as far as our own code looks into it. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: object;
  readonly servers: readonly object[];
  readonly security: readonly object[];
  readonly tags: readonly object[];
  /** Path items by path. */
  readonly paths: Readonly<Record<string, object>>;
  /** Components by kind, then by name. */
  readonly components: Components;
}

type Components = Readonly<Record<ComponentKind, Readonly<Record<string, object>>>>;
type ComponentKind = "schemas" | "requestBodies" | "responses" | "parameters" | "headers" | "securitySchemes";

/** The retry rule, which docs/calling.md has at length. */
const guide =
  "Send an event again after no answer, 408, 429 and 5xx, unless the answer says `retryable: false`: always under the same `event_id` (your own, or that of the answer) or the same `Idempotency-Key`, after as long as `Retry-After` says, else longer each time. Any other 4xx means that the request itself must change.";

/** On Cloud Run functions each function is below its own name; they share the rest of the URL. */
const cloudFunctions = {
  url: "https://{region}-{project}.cloudfunctions.net",
  description: "Cloud Run functions",
  variables: {
    region: { default: "europe-west1", description: "Where the functions run." },
    project: { default: "pulsecart", description: "The id of the Google Cloud project." },
  },
};

const common = {
  openapi: "3.1.1",
  security: [{ idToken: [] }],
};

const securitySchemes = {
  idToken: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description:
      "A Google ID token whose audience is the function's URL (`gcloud auth print-identity-token`). Google's front end checks it and itself answers 401 or 403; the local stack wants none.",
  },
};

/**
 * Describes one function: every event type, every request, every answer.
 *
 * @returns an OpenAPI 3.1 document
 */
export function toDocument(domain: Domain): OpenApiDocument {
  return {
    ...common,
    info: toInfo(`PulseCart producer: ${domain.name}`, `Publishes to the Pub/Sub topic \`${domain.topic}\`.`),
    servers: [
      { url: ".", description: "Where this document was read" },
      { ...cloudFunctions, url: `${cloudFunctions.url}/${domain.name}` },
    ],
    tags: [{ name: domain.name, description: `Events for the topic \`${domain.topic}\`.` }],
    paths: toPaths(domain),
    components: {
      schemas: { ...toEventSchemas(domain), ...answerSchemas },
      requestBodies: toRequestBodies(domain),
      responses: toAnswers(["event", "batch", "check", "health", "document"]),
      parameters: requestHeaders,
      headers: answerHeaders,
      securitySchemes,
    },
  };
}

/**
 * Describes all functions together, each below its own name, as on the local stack and on `cloudfunctions.net`.
 *
 * @returns an OpenAPI 3.1 document
 */
export function toMergedDocument(domains: readonly Domain[]): OpenApiDocument {
  const documents = domains.map((domain) => ({ name: domain.name, document: toDocument(domain) }));
  const paths = documents.flatMap(({ name, document }) =>
    Object.entries(document.paths).map(([path, item]) => [`/${name}${path === "/" ? "" : path}`, item] as const),
  );
  return {
    ...common,
    info: toInfo("PulseCart producer", "One function a domain, each publishing to its own Pub/Sub topic."),
    servers: [{ url: "/", description: "The local stack" }, cloudFunctions],
    tags: documents.flatMap(({ document }) => document.tags),
    paths: Object.fromEntries(paths),
    components: mergeComponents(documents.map(({ document }) => document.components)),
  };
}

/** What has the same name in two functions is the same: event types are distinct, and all else is shared. */
function mergeComponents(all: readonly Components[]): Components {
  const merged: Partial<Record<ComponentKind, Record<string, object>>> = {};
  for (const [kind, named] of all.flatMap((components) => Object.entries(components) as [ComponentKind, object][])) {
    merged[kind] = { ...merged[kind], ...named };
  }
  return merged as Components;
}

function toInfo(title: string, description: string): object {
  return {
    title,
    version: project.version,
    description: `${description}\n\n${guide}`,
    contact: { name: "The maintainers of PulseCart's producer" },
    license: { name: "MIT", identifier: "MIT" },
  };
}
