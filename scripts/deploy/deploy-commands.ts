import { domains, type FunctionName } from "../../shared/events/registry.ts";
import { readCommit } from "../build/commit.ts";
import { contractFingerprint } from "../build/schemas/fingerprint.ts";
import type { DeployedSettings } from "./cloud-run/deployed-settings.ts";
import { toPlace, toServiceCommand } from "./cloud-run/service.ts";
import type { WantedSettings } from "./deploy-settings.ts";
import { commonSettings, type DeployChoices } from "./function-settings.ts";
import {
  buildServiceAccountId,
  labels,
  type Target,
  toDictionaryFlag,
  toLabelFlag,
  toServiceAccountEmail,
  toServiceAccountId,
} from "./target.ts";

/** The labels that say of a revision what it was built from. The commit is unknown where there is no git. */
export function toBuildLabels(name: FunctionName): { readonly commit?: string; readonly contract: string } {
  const commit = readCommit();
  return { ...(commit !== undefined && { commit }), contract: contractFingerprint(name) };
}

/** The gcloud arguments for one function's deployment, in the order in which they may be needed. */
export function toDeployCommands(name: FunctionName, choices: DeployChoices, wanted: WantedSettings) {
  const place = toPlace(choices.target);
  return {
    /** Uploads, builds, and serves; prints the function's URL. */
    deploy: ["functions", "deploy", name, ...toDeployFlags(name, choices, wanted), ...place, ...choices.extra],
    /** Prints the Cloud Run service behind the function. */
    service: toServiceCommand(name, choices.target),
    /** Prints who may call the function. */
    policy: toPolicyCommand(name, choices.target),
    invoke: choices.invokers.map((member) => ({
      member,
      add: ["functions", "add-invoker-policy-binding", name, `--member=${member}`, ...place],
    })),
  } as const;
}

export function toPolicyCommand(name: FunctionName, target: Target): string[] {
  return ["run", "services", "get-iam-policy", name, ...toPlace(target), "--format=json"];
}

/**
 * The gcloud arguments that give a service what `functions deploy` has no flag for: startup CPU boost, the labels of the
 * revision itself, and whether invokers are checked.
 *
 * @param deployed the service after `functions deploy`; undefined where it could not be read: then all is set
 * @returns undefined where all is as wanted: a changed service is a new revision, which starts all instances anew
 */
export function toFinishCommand(
  name: FunctionName,
  target: Target,
  { isInvokerChecked, keptLabels }: WantedSettings,
  deployed: DeployedSettings | undefined,
): string[] | undefined {
  const wanted: Record<string, string> = { ...keptLabels, ...toBuildLabels(name) };
  const isLabelled = Object.entries(wanted).every(([label, value]) => deployed?.labels[label] === value);
  const flags = [
    ...(deployed?.hasBoost ? [] : ["--cpu-boost"]),
    // All of them: gcloud gives the revision the labels of the service and these, and drops those that it had alone.
    ...(isLabelled ? [] : [`--update-labels=${toLabelFlag(wanted)}`]),
    // A commit that this is not.
    ...(deployed?.labels.commit !== undefined && wanted.commit === undefined ? ["--remove-labels=commit"] : []),
    ...(isInvokerChecked === (deployed?.isInvokerChecked ?? true)
      ? []
      : [isInvokerChecked ? "--invoker-iam-check" : "--no-invoker-iam-check"]),
  ];
  return flags.length === 0 ? undefined : ["run", "services", "update", name, ...flags, ...toPlace(target)];
}

function toDeployFlags(name: FunctionName, { target, runtimeUpdatePolicy }: DeployChoices, wanted: WantedSettings) {
  const { runtime, cpu, memory, timeout } = commonSettings;
  const { minInstances, maxInstances, concurrency, ingress, allowUnauthenticated, variables } = wanted;
  const ofFunction = { ...labels, environment: variables.ENVIRONMENT ?? "", ...toBuildLabels(name) };
  return [
    "--gen2",
    `--runtime=${runtime}`,
    `--source=dist/${name}`,
    `--entry-point=${domains[name].entryPoint}`,
    "--trigger-http",
    `--service-account=${toServiceAccountEmail(toServiceAccountId(name), target)}`,
    `--build-service-account=projects/${target.project}/serviceAccounts/${toServiceAccountEmail(buildServiceAccountId, target)}`,
    `--cpu=${cpu}`,
    `--memory=${memory}`,
    `--concurrency=${concurrency}`,
    `--timeout=${timeout}`,
    `--min-instances=${minInstances}`,
    `--max-instances=${maxInstances}`,
    `--ingress-settings=${ingress}`,
    ...(allowUnauthenticated === undefined
      ? []
      : [allowUnauthenticated ? "--allow-unauthenticated" : "--no-allow-unauthenticated"]),
    `--set-env-vars=${toDictionaryFlag(variables)}`,
    `--update-labels=${toLabelFlag(ofFunction)}`,
    ...(runtimeUpdatePolicy === undefined ? [] : [`--runtime-update-policy=${runtimeUpdatePolicy}`]),
    // After a rollback all traffic is pinned to an old revision; what is deployed next shall serve again.
    "--serve-all-traffic-latest-revision",
    "--format=value(serviceConfig.uri)",
  ];
}
