import { findDifferences, type Resource } from "../resources/resource.ts";
import { labels, type Target } from "../target.ts";
import { listAlertPolicies } from "./alert-policies.ts";
import { dashboard } from "./dashboard.ts";
import { type LogMetric, logMetrics } from "./log-metrics.ts";
import { selectOne, toPolicyResource } from "./policy-resource.ts";

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

/** The one dashboard. Cloud Monitoring itself checks it before it is made or changed. */
export function toDashboardResource({ project }: Target): Resource {
  const command = ["monitoring", "dashboards"];
  const place = [`--project=${project}`, "--quiet"];
  const wanted = { ...dashboard, labels };
  const config = JSON.stringify(wanted);
  return {
    name: "dashboard",
    read: [...command, "list", ...place, "--format=json"],
    select: (printed) => selectOne(printed, { labels }),
    check: [...command, "create", `--config=${config}`, "--validate-only", ...place],
    create: [...command, "create", `--config=${config}`, ...place],
    update: (found) => {
      // Without the etag of what is there, Cloud Monitoring refuses to replace it.
      const { name, etag } = found as { name: string; etag: string };
      return [...command, "update", name, `--config=${JSON.stringify({ ...wanted, etag })}`, ...place];
    },
    differences: (found) => findDifferences(found, wanted),
  };
}

/** An e-mail address that alerts are sent to. */
function toChannelResource(address: string, { project }: Target): Resource {
  const command = ["beta", "monitoring", "channels"];
  const place = [`--project=${project}`, "--quiet"];
  const wanted = {
    type: "email",
    displayName: `PulseCart on call: ${address}`,
    labels: { email_address: address },
    userLabels: labels,
  };
  return {
    name: `notification channel email:${address}`,
    read: [...command, "list", ...place, "--format=json"],
    select: (printed) => selectOne(printed, wanted),
    create: [...command, "create", `--channel-content=${JSON.stringify(wanted)}`, ...place],
    update: (found) => {
      const { name } = found as { name: string };
      const content = JSON.stringify({ ...(found as object), ...wanted });
      return [...command, "update", name, `--channel-content=${content}`, ...place];
    },
    differences: (found) => findDifferences(found, wanted),
  };
}

/** What `--monitoring` and its options ask for. */
export interface MonitoringChoices {
  /** E-mail addresses that are told. */
  readonly addresses: readonly string[];
  /** Where people read docs/operations.md. */
  readonly runbookUrl: string | undefined;
}

/** Lists what is told and counted; the policies need both. */
export function planSignals({ addresses }: MonitoringChoices, target: Target): readonly Resource[] {
  return [...logMetrics.map((metric) => toLogMetricResource(metric, target)), ...planChannels(addresses, target)];
}

export function planChannels(addresses: readonly string[], target: Target): readonly Resource[] {
  return addresses.map((address) => toChannelResource(address, target));
}

/**
 * Lists the alert policies and the dashboard.
 *
 * @param channels the names of the notification channels, which the server gives them
 */
export function planAlerts(
  { runbookUrl }: MonitoringChoices,
  channels: readonly string[],
  withSubscriptions: boolean,
  target: Target,
): readonly Resource[] {
  const policies = listAlertPolicies(withSubscriptions);
  return [
    ...policies.map((policy) => toPolicyResource(policy, { target, channels, runbookUrl })),
    toDashboardResource(target),
  ];
}
