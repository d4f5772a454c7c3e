import type { Resource } from "../resources/resource.ts";
import type { Target } from "../target.ts";
import { listAlertPolicies } from "./alert-policies.ts";
import { toChannelResource } from "./channel-resource.ts";
import { toDashboardResource } from "./dashboard-resource.ts";
import { toLogMetricResource } from "./log-metric-resource.ts";
import { logMetrics } from "./log-metrics.ts";
import { toPolicyResource } from "./policy-resource.ts";

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
