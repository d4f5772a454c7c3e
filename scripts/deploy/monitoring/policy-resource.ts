import { domains } from "../../../shared/events/registry.ts";
import { findDifferences } from "../resources/difference.ts";
import type { Resource } from "../resources/resource.ts";
import { labels, type Target } from "../target.ts";
import type { AlertPolicy } from "./alert-policies.ts";
import { listOwners, readRunbook } from "./runbook.ts";
import { selectOne } from "./user-labels.ts";

interface FoundPolicy {
  readonly name: string;
  readonly conditions?: readonly { readonly name?: string }[];
  readonly notificationChannels?: readonly string[];
}

/** Whom a policy tells, and where its runbook is read. */
export interface PolicyContext {
  readonly target: Target;
  /** The channels' own names: `projects/…/notificationChannels/…`. Others that a person has added stay. */
  readonly channels: readonly string[];
  readonly runbookUrl: string | undefined;
}

/** An alert policy with one condition in PromQL; Cloud Monitoring allows no second one. */
export function toPolicyResource(policy: AlertPolicy, { target, channels, runbookUrl }: PolicyContext): Resource {
  const { id, title, severity, query, duration, autoClose, isOfTypes } = policy;
  const command = ["alpha", "monitoring", "policies"];
  const place = [`--project=${target.project}`, "--quiet"];
  const userLabels = { ...labels, policy: id };
  const condition = {
    displayName: title,
    conditionPrometheusQueryLanguage: {
      query,
      duration,
      evaluationInterval: "60s",
      // A metric does not exist before its first value: none would, in a new project.
      disableMetricValidation: true,
    },
  };
  const owners = isOfTypes ? listOwners(Object.values(domains)) : "";
  const wanted = {
    displayName: `PulseCart: ${title}`,
    combiner: "OR",
    severity,
    userLabels,
    documentation: { mimeType: "text/markdown", content: toPastable(readRunbook(title, runbookUrl), target) + owners },
    alertStrategy: { autoClose },
    conditions: [condition],
  };
  const listMissingChannels = ({ notificationChannels = [] }: FoundPolicy) =>
    channels.filter((channel) => !notificationChannels.includes(channel));
  return {
    name: `alert policy ${id}`,
    read: [...command, "list", ...place, "--format=json"],
    select: (printed) => selectOne(printed, { userLabels }),
    create: [
      ...command,
      "create",
      `--policy=${JSON.stringify({ ...wanted, notificationChannels: channels })}`,
      ...place,
    ],
    // The whole policy is sent: what a person has added to it (whether it is on, other labels and channels) goes with it.
    update: (found) => {
      const { name, conditions: [first] = [], notificationChannels = [] } = found as FoundPolicy;
      const content = {
        ...(found as object),
        ...wanted,
        userLabels: { ...(found as { userLabels?: object }).userLabels, ...userLabels },
        // Under its name the condition keeps its open incidents.
        conditions: [{ ...condition, ...(first?.name && { name: first.name }) }],
        notificationChannels: [...notificationChannels, ...listMissingChannels(found as FoundPolicy)],
      };
      return [...command, "update", name, `--policy=${JSON.stringify(content)}`, ...place];
    },
    differences: (found) => [
      ...findDifferences(found, wanted),
      ...listMissingChannels(found as FoundPolicy).map((channel) => `channel ${channel.replace(/^.*\//, "")}`),
    ],
  };
}

/** Fills in the variables that the page sets where it begins: an alert is read without it. */
function toPastable(text: string, { project, region }: Target): string {
  return text.replaceAll("$PROJECT", project).replaceAll("$REGION", region);
}
