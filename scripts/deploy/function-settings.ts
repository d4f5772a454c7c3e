import { type FunctionName, functionNames } from "../../shared/events/registry.ts";
import { type Template, toVariables } from "./cloud-run/service.ts";
import type { NamedSettings } from "./settings-options.ts";
import { type Target, toDictionaryFlag, toLabelFlag } from "./target.ts";

/** What `npm run switch` sets, by the name that is typed. */
export const switches = {
  "payload-checks": { variable: "PAYLOAD_CHECKS", values: ["report", "off"] },
  "log-level": { variable: "LOG_LEVEL", values: ["debug", "info", "warning", "error"] },
} as const;

export type SwitchName = keyof typeof switches;

/** A switch and what it is set to; `registry` takes it back. */
export interface Change {
  readonly name: SwitchName;
  readonly value: string;
}

/** The revision's label that says that a variable was set by `npm run switch`, so that no deployment undoes it. */
export function toSwitchLabel(name: SwitchName): string {
  return `switched-${name}`;
}

export function isSwitchLabel(label: string): boolean {
  return label.startsWith("switched-");
}

/** Whether a revision is as the switch says. */
export function isSwitched(name: FunctionName, change: Change, template: Template): boolean {
  const { variable } = switches[change.name];
  const label = change.value === "registry" ? undefined : change.value;
  return (
    toVariables(template)[variable] === toValue(name, change) &&
    template.metadata?.labels?.[toSwitchLabel(change.name)] === label
  );
}

/**
 * The flags of `gcloud run services update` that make a revision like another, but for one switch.
 *
 * @param template the revision that serves
 * @param isNewest whether gcloud starts from that revision anyway; otherwise the flags say all that may differ
 */
export function toSwitchFlags(name: FunctionName, change: Change, template: Template, isNewest: boolean): string[] {
  const { variable } = switches[change.name];
  const value = toValue(name, change);
  const label = toSwitchLabel(change.name);
  const { labels = {}, annotations = {} } = template.metadata ?? {};
  const isBack = change.value === "registry";
  const own = Object.entries(labels).filter(
    ([key]) => key !== label && (isSwitchLabel(key) || key === "commit" || key === "contract"),
  );
  const wanted = { ...Object.fromEntries(own), ...(!isBack && { [label]: change.value }) };
  const labelFlags = [
    // All of them: gcloud gives the revision the labels of the service and these, and drops those that it had alone.
    ...(Object.keys(wanted).length > 0 ? [`--update-labels=${toLabelFlag(wanted)}`] : []),
    ...(isBack ? [`--remove-labels=${label}`] : []),
  ];
  if (isNewest) {
    return [
      value === undefined ? `--remove-env-vars=${variable}` : `--update-env-vars=${variable}=${value}`,
      ...labelFlags,
    ];
  }
  const { [variable]: _, ...others } = toVariables(template);
  const { image, resources } = template.spec?.containers?.[0] ?? {};
  const minScale = annotations["autoscaling.knative.dev/minScale"] ?? "0";
  const maxScale = annotations["autoscaling.knative.dev/maxScale"];
  return [
    `--image=${image}`,
    `--set-env-vars=${toDictionaryFlag({ ...others, ...(value !== undefined && { [variable]: value }) })}`,
    `--concurrency=${template.spec?.containerConcurrency ?? "default"}`,
    `--min-instances=${minScale}`,
    `--max-instances=${maxScale ?? "default"}`,
    annotations["run.googleapis.com/startup-cpu-boost"]?.toLowerCase() === "true" ? "--cpu-boost" : "--no-cpu-boost",
    ...(resources?.limits?.cpu ? [`--cpu=${resources.limits.cpu}`] : []),
    ...(resources?.limits?.memory ? [`--memory=${resources.limits.memory}`] : []),
    ...(template.spec?.timeoutSeconds ? [`--timeout=${template.spec.timeoutSeconds}`] : []),
    ...labelFlags,
  ];
}

/** What the variable becomes; undefined where it goes. */
function toValue(name: FunctionName, { name: switchName, value }: Change): string | undefined {
  if (value !== "registry") return value;
  return switchName === "log-level" ? functionSettings[name].logLevel : undefined;
}

export const ingresses = ["all", "internal-only", "internal-and-gclb"] as const;
export const runtimeUpdatePolicies = ["automatic", "on-deploy"] as const;

/** What a person chooses when deploying; what is undefined stays as it is deployed. All else is in function-settings.ts. */
export interface DeployChoices {
  readonly target: Target;
  /** `ENVIRONMENT` of the functions: a label on every log line. */
  readonly environment: string | undefined;
  readonly ingress: (typeof ingresses)[number] | undefined;
  /** Whether the whole internet may call the functions. */
  readonly allowUnauthenticated: boolean | undefined;
  /** Whether Cloud Run asks callers for the role of an invoker. */
  readonly isInvokerChecked: boolean | undefined;
  readonly runtimeUpdatePolicy: (typeof runtimeUpdatePolicies)[number] | undefined;
  /** IAM members that may call the functions: `serviceAccount:checkout@…`. */
  readonly invokers: readonly string[];
  readonly settings: NamedSettings;
  /** Further flags of `gcloud functions deploy`, as they are. */
  readonly extra: readonly string[];
}

/** What all functions are deployed with, in gcloud's own words. */
export const commonSettings = {
  runtime: "nodejs24",
  cpu: "1",
  memory: "512Mi",
  // The publish budget is 10 s; the rest is room for a cold start and a slow upload.
  timeout: "30s",
} as const;

/** What may differ from function to function, and from one environment to another. */
export interface FunctionSettings {
  /** Instances that are kept warm; each is billed while idle. */
  readonly minInstances: number;
  /** The ceiling on cost, and on load that reaches Pub/Sub. */
  readonly maxInstances: number;
  /** Requests that one instance takes at once. */
  readonly concurrency: number;
  /** `LOG_LEVEL` of the function. */
  readonly logLevel: string;
}

// The platform's own concurrency is 1, which would start an instance for every request that overlaps another.
// A new project's quota is often 20 vCPU a region: most instances are few enough to be deployed there.
const otherwise: FunctionSettings = { minInstances: 0, maxInstances: 5, concurrency: 80, logLevel: "info" };

const own: Readonly<Partial<Record<FunctionName, Partial<FunctionSettings>>>> = {
  // A line for each accepted page view would cost more to store than the event costs to publish.
  "user-actions": { minInstances: 1, maxInstances: 10, logLevel: "warning" },
  // Shoppers wait for these: no cold start.
  commerce: { minInstances: 1, maxInstances: 10 },
  // Machines call this one and retry: it may start cold.
  system: {},
};

/** What a function is first deployed with; afterwards what is deployed stays, unless an option or `--settings` names it. */
export const functionSettings = Object.fromEntries(
  functionNames.map((name) => [name, { ...otherwise, ...own[name] }]),
) as Readonly<Record<FunctionName, FunctionSettings>>;
