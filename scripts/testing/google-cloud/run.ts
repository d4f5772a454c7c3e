import { type Api, ok } from "./api.ts";
import type { Policies } from "./policies.ts";

/** What a test looks at in a Cloud Run service: the annotations of the revision that it serves. */
export interface ServedRevision {
  readonly annotations: Readonly<Record<string, string>>;
}

/** Cloud Run: the services behind the functions, each with one revision, and who may call them. */
export function createRun(served: Map<string, ServedRevision>, policies: Policies): Api {
  return (request) => {
    const policy = policies.answer(request);
    if (policy !== undefined) return policy;
    const [, project, kind, name] =
      /^apis\/serving\.knative\.dev\/v1\/namespaces\/([^/]+)\/(services|revisions)\/([^/]+)$/.exec(request.path) ?? [];
    if (project === undefined || name === undefined) return undefined;
    const id = name.replace(/-00001$/, "");
    if (request.method === "PUT") {
      const { spec } = request.body as { spec: { template: { metadata: ServedRevision } } };
      served.set(id, { annotations: spec.template.metadata.annotations });
    }
    const revision = served.get(id) ?? { annotations: {} };
    return ok(kind === "services" ? toService(project, id, revision) : toRevision(project, id, revision));
  };
}

const containers = [{ image: "image", resources: { limits: { cpu: "1", memory: "512Mi" } } }];
const isReady = [{ type: "Ready", status: "True" }];

function toService(project: string, id: string, { annotations }: ServedRevision) {
  const url = `https://${id}-x7hk2-ew.a.run.app`;
  const revisionName = `${id}-00001`;
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name: id, namespace: project, generation: 1, resourceVersion: "1", annotations: {}, labels: {} },
    spec: {
      template: { metadata: { name: revisionName, annotations }, spec: { containers } },
      traffic: [{ percent: 100, latestRevision: true }],
    },
    status: {
      url,
      address: { url },
      observedGeneration: 1,
      conditions: [
        ...isReady,
        { type: "ConfigurationsReady", status: "True" },
        { type: "RoutesReady", status: "True" },
      ],
      latestReadyRevisionName: revisionName,
      latestCreatedRevisionName: revisionName,
      traffic: [{ percent: 100, latestRevision: true, revisionName }],
    },
  };
}

function toRevision(project: string, id: string, { annotations }: ServedRevision) {
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Revision",
    metadata: { name: `${id}-00001`, namespace: project, annotations, labels: {} },
    spec: { containers },
    status: { conditions: isReady, imageDigest: "image@sha256:0" },
  };
}
