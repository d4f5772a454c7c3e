import type { FunctionName } from "../../shared/events/registry.ts";
import { nodeOptions } from "../build/deployed-package.ts";
import { UsageError } from "../common/command.ts";
import type { DeployedSettings } from "./cloud-run/deployed-settings.ts";
import { type DeployChoices, functionSettings, isSwitchLabel, toSwitchLabel } from "./function-settings.ts";

/** What one function is deployed with, whoever said so. */
export interface WantedSettings {
  readonly minInstances: number;
  readonly maxInstances: number;
  readonly concurrency: number;
  readonly ingress: string;
  /** Whether everybody may call; undefined leaves the policy as it is. */
  readonly allowUnauthenticated: boolean | undefined;
  readonly isInvokerChecked: boolean;
  /** All variables that the function gets. */
  readonly variables: Readonly<Record<string, string>>;
  /** Labels of the revision that stay. */
  readonly keptLabels: Readonly<Record<string, string>>;
  /** What stays although the choices or the project's own settings say otherwise, a line each. */
  readonly notes: readonly string[];
}

/**
 * Decides what a function is deployed with: an option, else the file of settings, else what is deployed, else the project's own.
 *
 * @param deployed undefined where the function is not there yet
 * @param isOpen whether `allUsers` may call what is deployed
 * @throws UsageError where that leaves no number of instances between the fewest and the most
 */
export function decideSettings(
  name: FunctionName,
  choices: DeployChoices,
  deployed: DeployedSettings | undefined,
  isOpen: boolean,
): WantedSettings {
  const [own, named] = [functionSettings[name], choices.settings[name]];
  const notes: string[] = [];
  const decide = (setting: "minInstances" | "maxInstances" | "concurrency") =>
    named[setting] ?? deployed?.[setting] ?? own[setting];
  const [minInstances, maxInstances] = [decide("minInstances"), decide("maxInstances")];
  if (minInstances > maxInstances) {
    throw new UsageError(`${name}: --min-instances ${minInstances} is more than --max-instances ${maxInstances}`);
  }
  const isInvokerChecked = choices.isInvokerChecked ?? deployed?.isInvokerChecked ?? true;
  const allowUnauthenticated = choices.allowUnauthenticated ?? (deployed === undefined ? false : undefined);
  const { LOG_LEVEL: deployedLevel, PAYLOAD_CHECKS: checks } = deployed?.variables ?? {};
  const isSwitched = deployed?.labels[toSwitchLabel("log-level")] !== undefined;
  const asked = named.logLevel ?? own.logLevel;
  const logLevel = (isSwitched ? undefined : named.logLevel) ?? deployedLevel ?? asked;
  if (logLevel !== asked) {
    const way = isSwitched ? "; set by npm run switch, and npm run switch -- log-level registry takes it back" : "";
    notes.push(`LOG_LEVEL=${logLevel} stays, instead of ${asked}${way}`);
  }
  if (checks !== undefined && checks !== "registry") {
    notes.push(`PAYLOAD_CHECKS=${checks} stays; npm run switch -- payload-checks registry takes it back`);
  }
  for (const setting of ["minInstances", "maxInstances", "concurrency"] as const) {
    const value = decide(setting);
    if (named[setting] === undefined && value !== own[setting])
      notes.push(`${setting} ${value} stays, instead of ${own[setting]}`);
  }
  return {
    minInstances,
    maxInstances,
    concurrency: decide("concurrency"),
    ingress: choices.ingress ?? deployed?.ingress ?? "all",
    allowUnauthenticated,
    isInvokerChecked,
    variables: {
      ...deployed?.variables,
      ENVIRONMENT: choices.environment ?? deployed?.variables.ENVIRONMENT ?? "prod",
      LOG_LEVEL: logLevel,
      GCP_PROJECT_ID: choices.target.project,
      // Order holds among publishers of one region: every instance has to enter Pub/Sub through the same one.
      PUBSUB_ENDPOINT: `${choices.target.region}-pubsub.googleapis.com:443`,
      NODE_OPTIONS: nodeOptions,
      // Where nobody has to prove who they are, a token says nothing.
      CALLER_IDENTITY: isInvokerChecked && !(allowUnauthenticated ?? isOpen) ? "iam" : "none",
    },
    keptLabels: Object.fromEntries(Object.entries(deployed?.labels ?? {}).filter(([label]) => isSwitchLabel(label))),
    notes,
  };
}
