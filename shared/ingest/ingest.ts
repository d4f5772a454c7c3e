import type { IncomingMessage } from "node:http";
import { MAX_BATCH_BYTES, MAX_EVENT_BYTES } from "../events/limits.ts";
import { type Body, type BodyRequest, type BodyRules, readBody } from "../http/body.ts";
import { Problem } from "../http/problem.ts";
import { checkHead, readPath } from "../http/request-head.ts";
import { type Answer, toJsonAnswer } from "../http/respond.ts";
import type { Lease } from "../http/room.ts";
import { identity } from "../identity.ts";
import { atDebug } from "../log.ts";
import { readStack } from "../source-map.ts";
import { takeBatch } from "./batch.ts";
import { type RequestContext, readContext, type Service } from "./context.ts";
import { dryRun } from "./dry-run.ts";
import { countRefused, record, takeEvent } from "./event.ts";
import { uncounted } from "./summaries.ts";

/** The function's OpenAPI document as JSON text, put here by the build. */
declare const OPENAPI_DOCUMENT: string | undefined;

/** A route that takes events. */
interface EventRoute extends BodyRules {
  readonly methods: readonly ["POST"];
  /** Whether it publishes nothing: its lines are for whoever is looking closely. */
  readonly isDry?: true;
  readonly handle: (service: Service, context: RequestContext, body: Body) => Answer | Promise<Answer>;
}

/** A route that is only read. */
interface ReadRoute {
  readonly methods: readonly ["GET", "HEAD"];
  readonly answer: () => Answer;
}

const event: EventRoute = { methods: ["POST"], limit: MAX_EVENT_BYTES, takesLines: false, handle: takeEvent };
const batch: EventRoute = { methods: ["POST"], limit: MAX_BATCH_BYTES, takesLines: true, handle: takeBatch };

/** Every path. A Map, not an object: an object would find `constructor` and `__proto__` too. */
export const routes: ReadonlyMap<string, EventRoute | ReadRoute> = new Map<string, EventRoute | ReadRoute>([
  ["/", event],
  ["/events/ingest", event],
  ["/events/batch", batch],
  ["/events/validate", { ...batch, isDry: true, handle: dryRun }],
  ["/health", { methods: ["GET", "HEAD"], answer: () => toJsonAnswer(200, { status: "ok", ...identity }) }],
  ["/openapi.json", { methods: ["GET", "HEAD"], answer: readDocument }],
]);

/**
 * Takes one request, from its bytes to its answer: the edge, which catches what nobody foresaw.
 *
 * @param lease the request's part of the instance's memory
 * @returns what to answer; never rejects
 */
export async function ingest(service: Service, request: BodyRequest, lease: Lease): Promise<Answer> {
  const context = readContext(request, service.readCaller(request));
  service.summaries.sayDue(context.startedAt);
  let asked = service;
  try {
    const route = findRoute(request);
    if ("answer" in route) return route.answer();
    if (route.isDry) asked = { ...service, log: atDebug(service.log), summaries: uncounted };
    return await route.handle(asked, context, await readBody(request, lease, route));
  } catch (error) {
    return toProblem(asked, context, error);
  }
}

/** Whether a request is a probe of the function's health. */
export function isProbe({ method, url }: BodyRequest): boolean {
  return (method === "GET" || method === "HEAD") && readPath(url) === "/health";
}

/** Writes the line of a request that was refused before anything of it was read; bytes that are not HTTP are none. */
export function recordRefusal(service: Service, problem: Problem, request?: IncomingMessage): void {
  const context = readContext(request ?? { headers: {} }, request && service.readCaller(request));
  service.summaries.sayDue(context.startedAt);
  toProblem({ ...service, summaries: uncounted }, context, problem);
}

/** @throws {Problem} malformed_request, not_found, method_not_allowed */
export function findRoute(request: BodyRequest): EventRoute | ReadRoute {
  checkHead(request);
  const { method = "", url } = request;
  const path = readPath(url);
  const route = routes.get(path);
  if (!route) throw notFound(path);
  if (!(route.methods as readonly string[]).includes(method)) {
    const allow = route.methods.join(", ");
    throw new Problem("method_not_allowed", `This path takes ${allow}.`, { headers: { Allow: allow } });
  }
  return route;
}

function notFound(path: string): Problem {
  const meant = `/${path.split("/").filter(Boolean).join("/")}`;
  const hint = routes.has(meant) ? `There is nothing at this path; ${meant} is meant, perhaps.` : undefined;
  return new Problem("not_found", hint);
}

function readDocument(): Answer {
  if (typeof OPENAPI_DOCUMENT !== "undefined") return { status: 200, body: OPENAPI_DOCUMENT };
  throw new Problem("not_found", "Only a built function has this document.");
}

/** What is foreseen shows its message; anything else is logged whole and answered with nothing of it. */
function toProblem(service: Service, context: RequestContext, error: unknown): Problem {
  const problem = error instanceof Problem ? error : new Problem("internal");
  const { code } = problem;
  // What was for a path that takes no events was none.
  const isEvent = code !== "not_found" && code !== "method_not_allowed";
  if (problem.status < 500 && isEvent) countRefused(service, context, problem);
  if (problem === error) record(service, context, "Request refused", problem, {}, "info");
  else record(service, context, "Request failed", problem, { error: readStack(error) });
  return problem;
}
