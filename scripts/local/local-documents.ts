import type { Domain } from "../../shared/events/domain.ts";
import { Problem, type ProblemCode, problems } from "../../shared/http/problem.ts";
import { toAsyncApi } from "../build/asyncapi/document.ts";
import { type OpenApiDocument, toMergedDocument } from "../build/openapi/document.ts";
import { toComponentName, toSchemaRef } from "../build/openapi/event-schemas.ts";

const eventId = "evt_5f0c1d2e3b4a59687766554433221100";

/** What these problems say beyond their row of the table. */
const particulars: Readonly<Partial<Record<ProblemCode, readonly [detail: string | undefined, extras: object]>>> = {
  malformed_json: ["Malformed JSON at position 17.", {}],
  unknown_event_type: ["Unknown event_type: order.paid", {}],
  wrong_function: ["product.viewed belongs to the function user-actions.", {}],
  invalid_event: [
    "1 path of order.placed is missing or invalid.",
    { eventId, errors: [{ path: "order_id", message: "is required" }] },
  ],
  misconfigured: [undefined, { eventId }],
  publish_rejected: [undefined, { eventId }],
  publish_unavailable: [undefined, { eventId }],
  publish_timeout: [undefined, { eventId }],
};

/**
 * Examples of answers that are no success, made by the code that makes the answers.
 *
 * @returns by code
 */
function toProblemExamples(codes: readonly ProblemCode[]): Readonly<Record<string, object>> {
  return Object.fromEntries(
    codes.map((code) => {
      const [detail, extras] = particulars[code] ?? [undefined, {}];
      const problem = new Problem(code, detail ?? problems[code].detail, extras);
      return [code, { summary: problems[code].title, value: problem.toProblemDetails() }];
    }),
  );
}

const TAG = "any function";

/**
 * Makes the documents that the local stack serves: OpenAPI of all functions and of the front's own paths, with no server but
 * the one that it was read from, and AsyncAPI.
 *
 * @returns JSON texts by path
 */
export async function toLocalDocuments(domains: readonly Domain[]): Promise<Readonly<Record<string, string>>> {
  const document = toMergedDocument(domains);
  const local = {
    ...document,
    servers: [{ url: "/", description: "This local stack" }],
    tags: [{ name: TAG, description: "The local stack finds the function by the event's type." }, ...document.tags],
    paths: { ...toFrontPaths(domains, document), ...document.paths },
    components: { ...document.components, responses: withExamples(document.components.responses) },
  };
  return { "/openapi.json": JSON.stringify(local), "/asyncapi.json": JSON.stringify(toAsyncApi(domains)) };
}

type PathItem = Readonly<Record<string, object>>;
type Media = { readonly content: Readonly<Record<string, { readonly examples?: object }>> };

/** What the functions take at these paths, the front takes too, of any type. */
function toFrontPaths(
  domains: readonly Domain[],
  { paths, components }: OpenApiDocument,
): Readonly<Record<string, object>> {
  const names = domains.map(({ name }) => toComponentName(name));
  const bodies = names.map((name) => components.requestBodies[`${name}Event`] as Media);
  const anyEvent = {
    required: true,
    content: {
      "application/json": {
        schema: { oneOf: names.map((name) => toSchemaRef(`${name}Event`)) },
        examples: Object.assign({}, ...bodies.map(({ content }) => content["application/json"]?.examples)),
      },
    },
  };
  const found = ["/events/ingest", "/events/batch", "/events/validate"].flatMap((path) => {
    const item = paths[`/${domains[0]?.name}${path}`] as PathItem | undefined;
    return item ? [[path, item.post] as const] : [];
  });
  return Object.fromEntries(
    found.map(([path, operation]) => {
      const body = path === "/events/ingest" ? { requestBody: anyEvent } : {};
      const operationId = `front${path.replaceAll("/", "_")}`;
      return [path, { post: { ...operation, ...body, operationId, tags: [TAG] } }];
    }),
  );
}

/** Gives each answer that is no success its examples: left to itself, Swagger UI makes up ids and values. */
function withExamples(responses: Readonly<Record<string, object>>): Readonly<Record<string, object>> {
  return Object.fromEntries(
    Object.entries(responses).map(([name, response]) => {
      const { content = {} } = response as { content?: Readonly<Record<string, { readonly schema?: object }>> };
      const problem = content["application/problem+json"];
      if (!problem) return [name, response];
      const examples = toProblemExamples(listCodes(problem.schema));
      return [name, { ...response, content: { ...content, "application/problem+json": { ...problem, examples } } }];
    }),
  );
}

function listCodes(schema: unknown): ProblemCode[] {
  const found = JSON.stringify(schema).matchAll(/"enum":(\[[^\]]*\])/g);
  return [...found].flatMap(([, list = "[]"]) => JSON.parse(list) as string[]).filter(isProblemCode);
}

function isProblemCode(name: string): name is ProblemCode {
  return Object.hasOwn(problems, name);
}
