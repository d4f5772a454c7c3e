import { type Api, type ApiReply, notFound, ok } from "./api.ts";
import type { CloudRun } from "./run.ts";

/** A function as `functions deploy` sends it. */
export interface DeployedFunction extends Record<string, unknown> {
  readonly buildConfig: Record<string, unknown> & { entryPoint: string; source: { storageSource: { object: string } } };
  readonly serviceConfig: Record<string, unknown>;
}

interface FunctionsState {
  readonly functions: Map<string, DeployedFunction>;
  /** Archives by the object name that the function's source refers to. */
  readonly uploads: Map<string, Buffer>;
  /** What became of each deployment, by the operation's name. */
  readonly operations: Map<string, unknown>;
  /** What the next deployments of a function fail with, by its name. */
  readonly failures: Map<string, string[]>;
  /** Where a function is served, by its name, where it is really served. */
  readonly urls: Map<string, string>;
  readonly run: CloudRun;
  /** The server's own base URL, which the upload goes to. */
  readonly baseUrl: string;
}

/** The steps of a deployment, without which gcloud gives up on an operation. */
const metadata = {
  "@type": "type.googleapis.com/google.cloud.functions.v2.OperationMetadata",
  stages: ["BUILD", "SERVICE"].map((name) => ({ name, state: "COMPLETE", message: name })),
};

/** Cloud Functions v2: the upload, the deployment as an operation, and the function as it stands. */
export function createFunctions(state: FunctionsState): Api {
  const finish = (name: string, deployed: DeployedFunction): ApiReply => {
    const [, project, region, id] = /^projects\/([^/]+)\/locations\/([^/]+)\/functions\/([^/]+)$/.exec(name) ?? [];
    const operation = `projects/${project}/locations/${region}/operations/${id}`;
    const message = state.failures.get(id ?? "")?.shift();
    if (message !== undefined) {
      state.operations.set(operation, { name: operation, done: true, metadata, error: { code: 3, message } });
      return ok({ name: operation });
    }
    state.run.deploy(id ?? "", deployed.serviceConfig);
    // It is an order, and not a state.
    const { allTrafficOnLatestRevision: _, ...serviceConfig } = deployed.serviceConfig;
    state.functions.set(name, {
      ...deployed,
      name,
      environment: "GEN_2",
      state: "ACTIVE",
      serviceConfig: {
        ...serviceConfig,
        service: `projects/${project}/locations/${region}/services/${id}`,
        uri: state.urls.get(id ?? "") ?? `https://${id}-x7hk2-ew.a.run.app`,
      },
    });
    state.operations.set(operation, { name: operation, done: true, metadata, response: {} });
    return ok({ name: operation });
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
    const operation = state.operations.get(name);
    if (method === "GET" && operation !== undefined) return ok(operation);
    const found = state.functions.get(name);
    if (found === undefined) return name.includes("/functions/") ? notFound(name) : undefined;
    if (method === "PATCH") return finish(name, merge(found, body as DeployedFunction, query.updateMask ?? ""));
    return method === "GET" ? ok(found) : undefined;
  };
}

/** Changes the fields that an update mask names, such as `labels` and `service_config.timeout_seconds`. */
function merge(found: DeployedFunction, changes: DeployedFunction, updateMask: string): DeployedFunction {
  const merged = structuredClone(found) as Record<string, unknown>;
  for (const path of updateMask.split(",")) {
    const [top = "", field] = path.split(".").map(toCamelCase);
    if (field === undefined) merged[top] = changes[top];
    else merged[top] = { ...(merged[top] as object), [field]: (changes[top] as Record<string, unknown>)[field] };
  }
  return merged as DeployedFunction;
}

function toCamelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
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
export function failedBuild(region: string): string {
  const log = `https://console.cloud.google.com/cloud-build/builds;region=${region}/0f5a1c2e-77aa-4d4e-9a51-0c35b0c2f4d1?project=1`;
  return `Build failed with status: FAILURE and message: npm ci failed. For more details see the logs at ${log}.`;
}
