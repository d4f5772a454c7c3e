import { type Api, type ApiReply, fail, notFound, ok } from "./api.ts";
import type { Policies } from "./policies.ts";

/** A function as `functions deploy` sends it. */
export interface DeployedFunction extends Record<string, unknown> {
  readonly buildConfig: Record<string, unknown> & { source: { storageSource: { object: string } } };
  readonly serviceConfig: Record<string, unknown>;
}

interface FunctionsState {
  readonly functions: Map<string, DeployedFunction>;
  /** Archives by the object name that the function's source refers to. */
  readonly uploads: Map<string, Buffer>;
  /** Names of functions whose build fails. */
  readonly failingBuilds: Set<string>;
  /** The server's own base URL, which the upload goes to. */
  readonly baseUrl: string;
}

/** Cloud Functions v2: the upload, the deployment as a finished operation, and the function as it stands. */
export function createFunctions(state: FunctionsState): Api {
  const finish = (name: string, deployed: DeployedFunction): ApiReply => {
    const [, project, region, id] = /^projects\/([^/]+)\/locations\/([^/]+)\/functions\/([^/]+)$/.exec(name) ?? [];
    const operation = `projects/${project}/locations/${region}/operations/${id}`;
    if (state.failingBuilds.has(id ?? "")) return ok({ name: operation, done: true, error: toBuildError(region) });
    state.functions.set(name, {
      ...deployed,
      name,
      environment: "GEN_2",
      state: "ACTIVE",
      serviceConfig: {
        ...deployed.serviceConfig,
        service: `projects/${project}/locations/${region}/services/${id}`,
        uri: `https://${id}-x7hk2-ew.a.run.app`,
      },
    });
    return ok({ name: operation, done: true, response: state.functions.get(name) });
  };

  return ({ method, path, query, body }) => {
    const name = path.replace(/^v2\//, "");
    if (name.endsWith("/runtimes")) return ok({ runtimes: [{ name: "nodejs24", environment: "GEN_2", stage: "GA" }] });
    if (name.endsWith("/functions:generateUploadUrl")) {
      const object = `source-${state.uploads.size}.zip`;
      state.uploads.set(object, Buffer.alloc(0));
      return ok({ uploadUrl: `${state.baseUrl}/upload/${object}`, storageSource: { bucket: "sources", object } });
    }
    if (method === "POST" && name.endsWith("/functions")) {
      return finish(`${name}/${query.functionId}`, body as DeployedFunction);
    }
    const found = state.functions.get(name);
    if (found === undefined) return name.includes("/functions/") ? notFound(name) : undefined;
    if (method === "PATCH") return finish(name, body as DeployedFunction);
    return method === "GET" ? ok(found) : undefined;
  };
}

/** Cloud Storage: takes the archives. */
export function createUploads(uploads: Map<string, Buffer>): Api {
  return ({ method, path, body }) => {
    if (method !== "PUT" || !uploads.has(path) || !Buffer.isBuffer(body)) return undefined;
    uploads.set(path, body);
    return ok({});
  };
}

/** The error of a failed build, in the words of the real one. */
function toBuildError(region: string | undefined) {
  const log = `https://console.cloud.google.com/cloud-build/builds;region=${region}/0f5a1c2e-77aa-4d4e-9a51-0c35b0c2f4d1?project=1`;
  const message = `Build failed with status: FAILURE and message: npm ci failed. For more details see the logs at ${log}.`;
  return { code: 3, message };
}

interface Revision {
  readonly annotations: Record<string, string>;
}

/** Cloud Run: the services behind the functions, in both shapes of its API. */
export function createRun(revisions: Map<string, Revision>, policies: Policies): Api {
  return (request) => {
    const policy = policies.answer(request);
    if (policy !== undefined) return policy;
    const [, project, id] =
      /^apis\/serving\.knative\.dev\/v1\/namespaces\/([^/]+)\/services\/([^/]+)$/.exec(request.path) ?? [];
    if (project === undefined || id === undefined) return undefined;
    if (request.method === "PUT") {
      const { spec } = request.body as { spec: { template: { metadata: Revision } } };
      revisions.set(id, { annotations: spec.template.metadata.annotations });
    } else if (request.method !== "GET") {
      return fail(405, "UNIMPLEMENTED", request.method);
    }
    return ok(toService(project, id, revisions.get(id) ?? { annotations: {} }));
  };
}

function toService(project: string, id: string, { annotations }: Revision) {
  const url = `https://${id}-x7hk2-ew.a.run.app`;
  const ready = ["Ready", "ConfigurationsReady", "RoutesReady"].map((type) => ({ type, status: "True" }));
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name: id, namespace: project, generation: 1, resourceVersion: "1", annotations: {}, labels: {} },
    spec: {
      template: {
        metadata: { name: `${id}-00001`, annotations },
        spec: { containers: [{ image: "image", resources: { limits: { cpu: "1", memory: "512Mi" } } }] },
      },
      traffic: [{ percent: 100, latestRevision: true }],
    },
    status: {
      observedGeneration: 1,
      conditions: ready,
      url,
      address: { url },
      latestReadyRevisionName: `${id}-00001`,
      latestCreatedRevisionName: `${id}-00001`,
      traffic: [{ percent: 100, latestRevision: true, revisionName: `${id}-00001` }],
    },
  };
}
