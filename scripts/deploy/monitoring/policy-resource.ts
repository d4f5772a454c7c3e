import { readFileSync } from "node:fs";
import type { Domain } from "../../../shared/events/domain.ts";
import { domains } from "../../../shared/events/registry.ts";
import { findDifferences, type Resource } from "../resources/resource.ts";
import { labels, type Target } from "../target.ts";
import type { AlertPolicy } from "./alert-policies.ts";

interface Labelled {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly userLabels?: Readonly<Record<string, string>>;
}

/**
 * Takes the resource that carries these labels out of a list. Not by gcloud's `--filter`, which some of its lists send to the
 * server, in whose own language it would have to be.
 *
 * @throws Error where there are several: somebody has copied one with its labels
 */
export function selectOne(
  printed: unknown,
  wanted: { readonly [Field in "labels" | "userLabels"]?: Readonly<Record<string, string>> },
): unknown {
  const found = (printed as readonly Labelled[]).filter((each) =>
    (["labels", "userLabels"] as const).every((field) =>
      Object.entries(wanted[field] ?? {}).every(([key, value]) => each[field]?.[key] === value),
    ),
  );
  if (found.length > 1) {
    const names = found.map(({ name }) => name).join(", ");
    throw new Error(`several have the same labels: ${names}; delete all but one, or change their labels`);
  }
  return found[0];
}

const path = "docs/operations.md";
const file = new URL(`../../../${path}`, import.meta.url);

/**
 * Writes what an alert says: the text of its section of the runbook, and the link to it.
 *
 * @param title the section's heading
 * @param url where people read docs/operations.md; its path in the repository unless given
 */
export function readRunbook(title: string, url: string = path): string {
  const sections = readFileSync(file, "utf8").split(/^#{2,3} /m);
  const section = sections.find((text) => text.startsWith(`${title}\n`));
  if (section === undefined) throw new Error(`${path} has no section ${JSON.stringify(title)}`);
  return `${section.slice(title.length).trim()}\n\nRunbook: ${url}#${toAnchor(title)}`;
}

/** @returns a paragraph with the owner of each event type that has one; empty where none has */
export function listOwners(domains: readonly Domain[]): string {
  const owned = domains.flatMap(({ events }) => Object.values(events)).filter(({ owner }) => owner !== undefined);
  const lines = owned.map(({ type, owner }) => `- \`${type}\`: ${owner}`);
  return lines.length === 0 ? "" : `\n\nOwners:\n\n${lines.join("\n")}`;
}

/** The anchor that GitHub and GitLab give a heading. */
function toAnchor(title: string): string {
  const kept = title.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "");
  return kept.replaceAll(" ", "-");
}

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
