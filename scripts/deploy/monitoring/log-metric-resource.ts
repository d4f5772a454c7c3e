import { findDifferences } from "../resources/difference.ts";
import type { Resource } from "../resources/resource.ts";
import type { Target } from "../target.ts";
import type { LogMetric } from "./log-metrics.ts";

interface FoundMetric {
  readonly labelExtractors?: Readonly<Record<string, string>>;
  readonly metricDescriptor?: {
    readonly metricKind?: string;
    readonly valueType?: string;
    readonly labels?: readonly { readonly key: string }[];
  };
}

/** A log-based metric. Its labels can only grow: Cloud Logging deletes none. */
export function toLogMetricResource(metric: LogMetric, { project }: Target): Resource {
  const command = ["logging", "metrics"];
  const place = [`--project=${project}`, "--quiet"];
  const { name, description, filter, labels, sums } = metric;
  const kind = { metricKind: "DELTA", valueType: sums === undefined ? "INT64" : "DISTRIBUTION" };
  const labelExtractors = Object.fromEntries(labels.map((label) => [label, `EXTRACT(jsonPayload.${label})`]));
  const wanted = {
    ...{ description, filter, labelExtractors },
    ...(sums !== undefined && { valueExtractor: `EXTRACT(jsonPayload.${sums})` }),
  };
  const listMissingLabels = (found: FoundMetric | undefined) =>
    labels.filter((label) => !found?.metricDescriptor?.labels?.some(({ key }) => key === label));
  return {
    name: `log-based metric ${name}`,
    read: [...command, "describe", name, ...place, "--format=json"],
    create: [...command, "create", name, "--config-from-file=-", ...place],
    update: [...command, "update", name, "--config-from-file=-", ...place],
    input: (found) => {
      const { labelExtractors: others, metricDescriptor } = (found ?? {}) as FoundMetric;
      const missing = listMissingLabels(found as FoundMetric | undefined).map((key) => ({ key }));
      return JSON.stringify({
        ...wanted,
        labelExtractors: { ...others, ...labelExtractors },
        metricDescriptor: { ...kind, labels: [...(metricDescriptor?.labels ?? []), ...missing] },
      });
    },
    differences: (found) => [
      ...findDifferences(found, wanted),
      ...listMissingLabels(found as FoundMetric).map((label) => `label ${label}`),
    ],
    obstacle: (found) => {
      const wrong = findDifferences((found as FoundMetric).metricDescriptor, kind);
      if (wrong.length === 0) return undefined;
      const remedy = `gcloud logging metrics delete ${name} --project=${project}`;
      return `Cloud Logging cannot change ${wrong.join(" and ")} of the existing metric; delete it (with what it has counted) and run this again: ${remedy}`;
    },
  };
}
