import { type Api, fail, notFound, ok } from "./api.ts";
import { type LogEntry, parseLogFilter } from "./log-filter.ts";

interface Metric extends Record<string, unknown> {
  readonly name: string;
  readonly labelExtractors?: Readonly<Record<string, string>>;
  readonly valueExtractor?: string;
  readonly metricDescriptor?: {
    readonly metricKind?: string;
    readonly valueType?: string;
    readonly labels?: readonly { readonly key: string }[];
  };
}

/** Cloud Logging: log-based metrics by their names, and what was logged, the oldest entry first. */
export function createLogging(metrics: Map<string, Record<string, unknown>>, logged: readonly LogEntry[]): Api {
  return ({ method, path, body }) => {
    if (path === "v2/entries:list") {
      const { filter, orderBy, pageSize } = body as { filter: string; orderBy: string; pageSize?: number };
      const found = logged.filter(parseLogFilter(filter));
      return ok({ entries: (orderBy === "timestamp asc" ? found : found.toReversed()).slice(0, pageSize) });
    }
    const [, id] = /^v2\/projects\/[^/]+\/metrics(?:\/([^/]+))?$/.exec(path) ?? [];
    const sent = body as Metric | undefined;
    const name = id ?? sent?.name;
    if (name === undefined || !path.startsWith("v2/")) return undefined;
    const found = metrics.get(name) as Metric | undefined;
    if (method === "POST" && found !== undefined) return fail(409, "ALREADY_EXISTS", `Metric ${name} already exists`);
    if (method !== "POST" && found === undefined) return notFound(name);
    if (method === "GET") return ok(found);
    if (method === "DELETE") return metrics.delete(name) ? ok({}) : undefined;
    const fault = findFault(sent as Metric, found);
    if (fault !== undefined) return fail(400, "INVALID_ARGUMENT", fault);
    const { metricDescriptor } = sent as Metric;
    const type = `logging.googleapis.com/user/${name}`;
    metrics.set(name, { ...sent, name, metricDescriptor: { ...metricDescriptor, name: type, type, unit: "1" } });
    return ok(metrics.get(name));
  };
}

/** What the API refuses: labels without a value, and what cannot be changed. */
function findFault(sent: Metric, found: Metric | undefined): string | undefined {
  const keys = (metric: Metric | undefined) => (metric?.metricDescriptor?.labels ?? []).map(({ key }) => key);
  if (
    keys(sent).sort().join() !==
    Object.keys(sent.labelExtractors ?? {})
      .sort()
      .join()
  )
    return "label_extractors";
  const isDistribution = sent.metricDescriptor?.valueType === "DISTRIBUTION";
  if (isDistribution !== (sent.valueExtractor !== undefined))
    return "A distribution, and nothing else, extracts values.";
  if (keys(sent).length > 10) return "A metric has at most 10 labels.";
  if (found === undefined) return undefined;
  if (keys(found).some((key) => !keys(sent).includes(key))) return "A label cannot be deleted.";
  const isOther = (field: "metricKind" | "valueType") =>
    found.metricDescriptor?.[field] !== sent.metricDescriptor?.[field];
  return isOther("metricKind") || isOther("valueType") ? "Kind and type of a metric cannot be changed." : undefined;
}
