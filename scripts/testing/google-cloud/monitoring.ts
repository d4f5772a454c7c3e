import { type Api, type ApiReply, type ApiRequest, fail, notFound, ok } from "./api.ts";

type Resource = Record<string, unknown>;

const collections = {
  alertPolicies: findPolicyFault,
  notificationChannels: findChannelFault,
  dashboards: findDashboardFault,
} as const;

type Collection = keyof typeof collections;

/** Cloud Monitoring: alert policies, notification channels and dashboards, which get their names from the server. */
export function createMonitoring(resources: Map<string, Resource>): Api {
  let made = 0;
  return (request) => {
    const [, name = "", parent = "", kind, id] =
      /^v[13]\/((projects\/[^/]+)\/(alertPolicies|notificationChannels|dashboards)(?:\/([^/]+))?)$/.exec(
        request.path,
      ) ?? [];
    if (kind === undefined) return undefined;
    if (id === undefined && request.method === "GET") {
      return ok({
        [kind]: [...resources.values()].filter((each) => String(each.name).startsWith(`${parent}/${kind}/`)),
      });
    }
    const found = resources.get(name);
    if (id !== undefined && found === undefined) return notFound(name);
    if (id !== undefined && request.method === "GET") return ok(found);
    if (request.method !== "POST" && request.method !== "PATCH") return undefined;
    const fault = collections[kind as Collection](request.body as Resource, resources, found);
    if (fault !== undefined) return fail(400, "INVALID_ARGUMENT", fault);
    if (request.query.validateOnly === "True") return ok(request.body);
    made += 1;
    return store(resources, request, found === undefined ? `${name}/${1000 + made}` : name, made);
  };
}

function store(resources: Map<string, Resource>, { body }: ApiRequest, name: string, etag: number): ApiReply {
  const resource: Resource = { ...(body as Resource), name };
  if (name.includes("/dashboards/")) resource.etag = `etag-${etag}`;
  if (Array.isArray(resource.conditions)) {
    resource.conditions = resource.conditions.map((condition: Resource, index) => ({
      name: `${name}/conditions/${index}`,
      ...condition,
    }));
    resource.enabled ??= true;
  }
  resources.set(name, resource);
  return ok(resource);
}

interface Policy {
  readonly displayName?: string;
  readonly combiner?: string;
  readonly userLabels?: Readonly<Record<string, string>>;
  readonly documentation?: { readonly content: string };
  readonly alertStrategy?: { readonly autoClose?: string };
  readonly notificationChannels?: readonly string[];
  readonly conditions?: readonly { readonly conditionPrometheusQueryLanguage?: Readonly<Record<string, unknown>> }[];
}

/** What the API refuses of a policy with a condition in PromQL. */
function findPolicyFault(body: Resource, resources: Map<string, Resource>): string | undefined {
  const policy = body as Policy;
  const { conditions = [], notificationChannels = [], documentation, alertStrategy } = policy;
  const promql = conditions[0]?.conditionPrometheusQueryLanguage;
  const unknown = notificationChannels.find((channel) => !resources.has(channel));
  if (!policy.displayName || !policy.combiner) return "Field alert_policy lacks display_name or combiner.";
  if (promql === undefined || conditions.length !== 1) return "A PromQL condition must be the only condition.";
  if (!promql.query) return "The query must not be empty.";
  if (promql.disableMetricValidation !== true) return "The metric of the query does not exist.";
  if (Number.parseInt(String(promql.evaluationInterval ?? "30s"), 10) % 30 !== 0) return "evaluation_interval: 30 s";
  if (!/^\d+s$/.test(String(promql.duration ?? "0s"))) return "duration must be in seconds.";
  if (Number.parseInt(alertStrategy?.autoClose ?? "1800s", 10) < 1800) return "auto_close must be at least 30 minutes.";
  if (Buffer.byteLength(documentation?.content ?? "") > 8192) return "documentation.content is longer than 8192 bytes.";
  if (unknown !== undefined) return `The notification channel ${unknown} does not exist.`;
  return findLabelFault(policy.userLabels);
}

function findChannelFault({ type, labels, userLabels }: Resource): string | undefined {
  if (type !== "email" || !(labels as { email_address?: string })?.email_address) return "labels: email_address";
  return findLabelFault(userLabels as Record<string, string>);
}

function findLabelFault(labels: Readonly<Record<string, string>> = {}): string | undefined {
  const bad = Object.entries(labels)
    .flat()
    .find((text) => !/^[a-z0-9][a-z0-9_-]{0,62}$/.test(text));
  return bad === undefined ? undefined : `The label ${bad} is not allowed.`;
}

interface Tile {
  readonly xPos?: number;
  readonly yPos?: number;
  readonly width: number;
  readonly height: number;
}

function findDashboardFault(body: Resource, _: Map<string, Resource>, found: Resource | undefined): string | undefined {
  const { columns, tiles = [] } = (body.mosaicLayout ?? {}) as { columns?: number; tiles?: readonly Tile[] };
  if (!body.displayName || columns === undefined) return "Field dashboard lacks displayName or mosaicLayout.columns.";
  if (found !== undefined && body.etag !== found.etag) return "The etag is not that of the dashboard.";
  const cells = tiles.flatMap(({ xPos = 0, yPos = 0, width, height }) =>
    Array.from({ length: width * height }, (_, cell) => `${xPos + (cell % width)},${yPos + Math.floor(cell / width)}`),
  );
  if (new Set(cells).size !== cells.length) return "Tiles overlap.";
  if (tiles.some(({ xPos = 0, width }) => xPos + width > columns)) return "A tile reaches beyond the columns.";
  return undefined;
}
