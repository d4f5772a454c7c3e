import { Problem } from "../http/problem.ts";

/** What a request asks for. */
export type Route = "event" | "batch" | "health" | "openapi";

const READ = ["GET", "HEAD"];

/** Every path, with its route and the methods that it takes. */
const routes = new Map<string, { readonly route: Route; readonly methods: readonly string[] }>([
  ["/", { route: "event", methods: ["POST"] }],
  ["/events/ingest", { route: "event", methods: ["POST"] }],
  ["/events/batch", { route: "batch", methods: ["POST"] }],
  ["/health", { route: "health", methods: READ }],
  ["/openapi.json", { route: "openapi", methods: READ }],
]);

/**
 * Finds what a request asks for.
 *
 * @param url as in the request line; a query does not matter
 * @throws {Problem} not_found, method_not_allowed (with `Allow`)
 */
export function findRoute(method = "", url = ""): Route {
  const query = url.indexOf("?");
  const found = routes.get(query === -1 ? url : url.slice(0, query));
  if (!found) throw new Problem("not_found", "There is nothing at this path.");
  if (!found.methods.includes(method)) {
    const allow = found.methods.join(", ");
    throw new Problem("method_not_allowed", `This path takes ${allow}.`, { headers: { Allow: allow } });
  }
  return found.route;
}
