import { type Api, type ApiRequest, fail, notFound, ok } from "./api.ts";
import type { Policies } from "./policies.ts";

type Resource = Record<string, unknown>;

/** Topics and subscriptions by their full names: made, read and patched as the Pub/Sub admin API does it. */
export function createPubSub(resources: Map<string, Resource>, policies: Policies): Api {
  return (request) => {
    const name = request.path.replace(/^v1\//, "").replace(/:\w+$/, "");
    if (!/^projects\/[^/]+\/(topics|subscriptions)\/[^/]+$/.test(name)) return undefined;
    const found = resources.get(name);
    if (request.method === "PUT") {
      if (found !== undefined) return fail(409, "ALREADY_EXISTS", `Resource already exists (resource=${name}).`);
      const created = { ...(request.body as Resource), name };
      resources.set(name, created);
      return ok(created);
    }
    if (found === undefined) return notFound(name);
    if (request.method === "DELETE") {
      resources.delete(name);
      return ok({});
    }
    if (request.method === "PATCH") {
      const patched = patch(found, request);
      resources.set(name, patched);
      return ok(patched);
    }
    return policies.answer(request) ?? (request.method === "GET" ? ok(found) : undefined);
  };
}

function patch(found: Resource, { body }: ApiRequest): Resource {
  const { topic, subscription, updateMask } = body as { topic?: Resource; subscription?: Resource; updateMask: string };
  const changes = topic ?? subscription ?? {};
  const fields = updateMask.split(",").map((field) => field.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase()));
  return { ...found, ...Object.fromEntries(fields.map((field) => [field, changes[field]])) };
}
