import { toCanonicalJson } from "../../build/schemas/json-schema.ts";
import { type Api, type ApiRequest, notFound, ok, type Policies } from "./api.ts";

interface Template {
  readonly metadata?: {
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec?: {
    readonly containerConcurrency?: number;
    readonly containers?: readonly {
      readonly image?: string;
      readonly env?: readonly { readonly name: string; readonly value?: string }[];
    }[];
  };
}

interface Share {
  readonly revisionName?: string;
  readonly latestRevision?: boolean;
  readonly percent?: number;
  readonly tag?: string;
}

interface SentService {
  readonly metadata: {
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly template?: Template; readonly traffic?: readonly Share[] };
}

interface StubRevision {
  readonly name: string;
  readonly createdAt: string;
  readonly template: Template;
}

/** A Cloud Run service: its template, its revisions (oldest first), and who gets which share. */
export interface StubService {
  annotations: Record<string, string>;
  /** Of the service; gcloud gives a revision these, and not those that it had alone. */
  labels: Readonly<Record<string, string>>;
  template: Template;
  revisions: StubRevision[];
  traffic: readonly Share[];
}

/** What the Functions API makes of a function in Cloud Run. */
interface FunctionConfig {
  readonly environmentVariables?: Readonly<Record<string, string>>;
  readonly minInstanceCount?: number;
  readonly maxInstanceCount?: number;
  readonly maxInstanceRequestConcurrency?: number;
  readonly ingressSettings?: string;
  readonly allTrafficOnLatestRevision?: boolean;
}

const ingresses: Readonly<Record<string, string>> = {
  ALLOW_ALL: "all",
  ALLOW_INTERNAL_ONLY: "internal",
  ALLOW_INTERNAL_AND_GCLB: "internal-and-cloud-load-balancing",
};

/** The services behind the functions. */
export class CloudRun {
  readonly services = new Map<string, StubService>();
  /** Sends traffic to what the Functions API deploys although the traffic is pinned: nobody outside knows for sure. */
  ignoresPins = false;
  readonly #urls: ReadonlyMap<string, string>;
  #builds = 0;

  /** @param urls where a service (`commerce`) or the revision of a tag (`candidate---commerce`) really answers */
  constructor(urls: ReadonlyMap<string, string>) {
    this.#urls = urls;
  }

  /** What `functions deploy` does here: a new image, a new revision, and all traffic on it, but where it is pinned. */
  deploy(id: string, config: FunctionConfig): void {
    const found = this.services.get(id);
    this.#builds += 1;
    const {
      minInstanceCount = 0,
      maxInstanceCount = 100,
      maxInstanceRequestConcurrency: containerConcurrency = 1,
    } = config;
    const template: Template = {
      metadata: {
        ...found?.template.metadata,
        annotations: {
          ...found?.template.metadata?.annotations,
          "autoscaling.knative.dev/minScale": String(minInstanceCount),
          "autoscaling.knative.dev/maxScale": String(maxInstanceCount),
        },
      },
      spec: {
        containerConcurrency,
        containers: [
          {
            image: `europe-west1-docker.pkg.dev/p/gcf-artifacts/${id}@sha256:${this.#builds}`,
            env: Object.entries(config.environmentVariables ?? {}).map(([name, value]) => ({ name, value })),
            ...{ resources: { limits: { cpu: "1", memory: "512Mi" } } },
          },
        ],
      },
    };
    const service = found ?? { annotations: {}, labels: {}, template, revisions: [], traffic: [] };
    service.annotations["run.googleapis.com/ingress"] = ingresses[config.ingressSettings ?? "ALLOW_ALL"] ?? "all";
    this.#add(id, service, template);
    if (found === undefined || config.allTrafficOnLatestRevision || this.ignoresPins) {
      service.traffic = [{ percent: 100, latestRevision: true }];
    }
    this.services.set(id, service);
  }

  /** Answers the Knative API that gcloud uses; undefined for what it does not have. */
  answer({ method, path, query, body }: ApiRequest): ReturnType<Api> {
    const [, project = "", kind, name] =
      /^apis\/serving\.knative\.dev\/v1\/namespaces\/([^/]+)\/(services|revisions)(?:\/([^/]+))?$/.exec(path) ?? [];
    if (kind === "revisions") return this.#answerRevisions(project, name, query.labelSelector ?? "");
    const service = this.services.get(name ?? "");
    if (kind === undefined || name === undefined) return undefined;
    if (service === undefined) return notFound(name);
    if (method === "PUT") {
      const { metadata, spec } = body as SentService;
      service.annotations = { ...metadata.annotations };
      service.labels = { ...metadata.labels };
      service.traffic = spec.traffic ?? [];
      if (spec.template !== undefined && toText(spec.template) !== toText(service.template)) {
        this.#add(name, service, spec.template);
      }
    }
    return ok(this.toService(project, name, service));
  }

  #answerRevisions(project: string, name: string | undefined, selector: string): ReturnType<Api> {
    const id = /serving\.knative\.dev\/service ?(?:=|in) ?\(?([\w-]+)/.exec(selector)?.[1];
    const all = [...this.services].flatMap(([service, { revisions }]) =>
      revisions.map((each) => ({ ...each, service })),
    );
    const found = all.filter((each) => (name === undefined ? each.service === id : each.name === name));
    const items = found.map(({ name: revision, createdAt, template, service }) => ({
      apiVersion: "serving.knative.dev/v1",
      kind: "Revision",
      metadata: {
        ...{ name: revision, namespace: project, creationTimestamp: createdAt },
        annotations: template.metadata?.annotations ?? {},
        labels: { ...template.metadata?.labels, "serving.knative.dev/service": service },
      },
      spec: template.spec,
      status: { conditions: isReady, imageDigest: template.spec?.containers?.[0]?.image },
    }));
    if (name === undefined) return ok({ kind: "RevisionList", items, metadata: {} });
    return items[0] === undefined ? notFound(name) : ok(items[0]);
  }

  /** The service as the API shows it. */
  toService(project: string, id: string, { annotations, labels, template, revisions, traffic }: StubService) {
    const url = this.#urls.get(id) ?? `https://${id}-x7hk2-ew.a.run.app`;
    const newest = revisions.at(-1)?.name;
    const toTagUrl = (tag: string) => this.#urls.get(`${tag}---${id}`) ?? url.replace("://", `://${tag}---`);
    return {
      apiVersion: "serving.knative.dev/v1",
      kind: "Service",
      metadata: {
        name: id,
        namespace: project,
        generation: revisions.length,
        resourceVersion: "1",
        annotations,
        labels,
      },
      spec: { template: { ...template, metadata: { ...template.metadata, name: newest } }, traffic },
      status: {
        url,
        address: { url },
        observedGeneration: revisions.length,
        conditions: [
          ...isReady,
          { type: "ConfigurationsReady", status: "True" },
          { type: "RoutesReady", status: "True" },
        ],
        latestReadyRevisionName: newest,
        latestCreatedRevisionName: newest,
        traffic: traffic.map((target) => ({
          ...target,
          revisionName: target.revisionName ?? newest,
          ...(target.tag !== undefined && { url: toTagUrl(target.tag) }),
        })),
      },
    };
  }

  #add(id: string, service: StubService, template: Template): void {
    service.template = template;
    const name = `${id}-${String(service.revisions.length + 1).padStart(5, "0")}-abc`;
    const createdAt = new Date(Date.UTC(2026, 10, 1) + 60_000 * service.revisions.length).toISOString();
    service.revisions.push({ name, createdAt, template });
  }
}

const isReady = [{ type: "Ready", status: "True" }];

/** What makes a template another one: all but the name of its revision, and the order in which gcloud writes it. */
function toText({ metadata, spec }: Template): string {
  const { name: _, ...rest } = (metadata ?? {}) as { name?: string };
  return toCanonicalJson([rest, spec]);
}

/** Cloud Run: the services behind the functions, and who may call them. */
export function createRun(run: CloudRun, policies: Policies): Api {
  return (request) => policies.answer(request) ?? run.answer(request);
}
