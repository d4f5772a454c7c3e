import { type Api, fail, notFound, ok, type Policies } from "./api.ts";

export const projectNumber = "123456789012";

/** Resource Manager: one project and its policy. */
export function createResourceManager(project: string, policies: Policies): Api {
  return (request) => {
    if (!request.path.startsWith(`v1/projects/${project}`)) {
      return fail(403, "PERMISSION_DENIED", "The caller does not have permission");
    }
    if (request.path === `v1/projects/${project}`) {
      return ok({ projectNumber, projectId: project, lifecycleState: "ACTIVE", name: project });
    }
    return policies.answer(request);
  };
}

/** Service Usage: which APIs are enabled, and the accounts that services use. */
export function createServiceUsage(enabled: Set<string>): Api {
  const describe = (name: string) => ({
    name: `projects/${projectNumber}/services/${name}`,
    config: { name, title: name },
    state: enabled.has(name) ? "ENABLED" : "DISABLED",
  });
  return ({ method, path, body }) => {
    if (method === "GET" && path.endsWith("/services")) return ok({ services: [...enabled].map(describe) });
    const name = /\/services\/([\w.]+)$/.exec(path)?.[1];
    if (method === "GET" && name !== undefined) return ok(describe(name));
    if (path.endsWith("/services:batchEnable")) {
      const { serviceIds } = body as { serviceIds: readonly string[] };
      for (const id of serviceIds) enabled.add(id);
      return ok({ name: "operations/enable", done: true, response: {} });
    }
    if (path.endsWith(":generateServiceIdentity")) {
      const email = `service-${projectNumber}@gcp-sa-pubsub.iam.gserviceaccount.com`;
      return ok({ name: "operations/identity", done: true, response: { email, uniqueId: "1" } });
    }
    return undefined;
  };
}

/** IAM: service accounts by their e-mail address. */
export function createIam(accounts: Map<string, Record<string, unknown>>): Api {
  return ({ method, path, body }) => {
    const [, project, email] = /^v1\/projects\/([^/]+)\/serviceAccounts(?:\/([^/:]+))?$/.exec(path) ?? [];
    if (project === undefined) return undefined;
    if (method === "POST" && email === undefined) {
      const { accountId, serviceAccount } = body as { accountId: string; serviceAccount: Record<string, unknown> };
      const made = `${accountId}@${project}.iam.gserviceaccount.com`;
      if (accounts.has(made)) return fail(409, "ALREADY_EXISTS", `Service account ${accountId} already exists.`);
      accounts.set(made, { ...serviceAccount, email: made, name: `projects/${project}/serviceAccounts/${made}` });
      return ok(accounts.get(made));
    }
    const found = accounts.get(decodeURIComponent(email ?? ""));
    if (found === undefined) return notFound(email ?? path);
    return method === "GET" ? ok(found) : undefined;
  };
}
