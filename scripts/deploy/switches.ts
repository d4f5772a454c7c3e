import type { FunctionName } from "../../shared/events/registry.ts";
import { type Template, toVariables } from "./cloud-run/service.ts";
import { functionSettings } from "./function-settings.ts";
import { toDictionaryFlag, toLabelFlag } from "./target.ts";

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
