import { domains, type FunctionName } from "../../shared/events/registry.ts";
import { nodeOptions } from "../build/node-options.ts";
import { contractFingerprint } from "../build/schemas/fingerprint.ts";
import { toCallerIdentity } from "./caller-identity.ts";
import { commonSettings, functionSettings } from "./function-settings.ts";
import {
  buildServiceAccountId,
  labels,
  type Target,
  toLabelFlag,
  toServiceAccountEmail,
  toServiceAccountId,
} from "./target.ts";

export const ingresses = ["all", "internal-only", "internal-and-gclb"] as const;

/** What a person chooses when deploying; all else is in function-settings.ts. */
export interface DeployChoices {
  readonly target: Target;
  /** `ENVIRONMENT` of the functions: a label on every log line. */
  readonly environment: string;
  readonly ingress: (typeof ingresses)[number];
  /** Whether the whole internet may call the functions. */
  readonly allowUnauthenticated: boolean;
  /** IAM members that may call the functions: `serviceAccount:checkout@…`. */
  readonly invokers: readonly string[];
}

/**
 * The gcloud arguments for one function's deployment, in the order in which they may be needed.
 *
 * @param served the Cloud Run service as it is now; undefined where there is none, or nobody has looked
 */
export function toDeployCommands(name: FunctionName, choices: DeployChoices, served?: unknown) {
  const { project, region } = choices.target;
  const place = [`--project=${project}`, `--region=${region}`, "--quiet"];
  return {
    /** Uploads, builds, and serves; prints the function's URL. */
    deploy: ["functions", "deploy", name, ...toDeployFlags(name, choices, served), ...place],
    /** Prints the Cloud Run service behind the function. */
    service: ["run", "services", "describe", name, ...place, "--format=json"],
    // `functions deploy` has no flag for it.
    boost: ["run", "services", "update", name, "--cpu-boost", ...place],
    /** Prints who may call the function. */
    policy: ["run", "services", "get-iam-policy", name, ...place, "--format=json"],
    invoke: choices.invokers.map((member) => ({
      member,
      add: ["functions", "add-invoker-policy-binding", name, `--member=${member}`, ...place],
    })),
  } as const;
}

function toDeployFlags(name: FunctionName, choices: DeployChoices, served: unknown) {
  const { target, environment, ingress, allowUnauthenticated } = choices;
  const { minInstances, maxInstances, environment: own } = functionSettings[name];
  const { runtime, cpu, memory, concurrency, timeout } = commonSettings;
  const variables = {
    GCP_PROJECT_ID: target.project,
    ENVIRONMENT: environment,
    // Order holds among publishers of one region: every instance has to enter Pub/Sub through the same one.
    PUBSUB_ENDPOINT: `${target.region}-pubsub.googleapis.com:443`,
    NODE_OPTIONS: nodeOptions,
    ...own,
    CALLER_IDENTITY: toCallerIdentity(allowUnauthenticated, served),
  };
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
    allowUnauthenticated ? "--allow-unauthenticated" : "--no-allow-unauthenticated",
    `--set-env-vars=${toLabelFlag(variables)}`,
    `--update-labels=${toLabelFlag({ ...labels, environment, contract: contractFingerprint(name) })}`,
    // After a rollback all traffic is pinned to an old revision; what is deployed next shall serve again.
    "--serve-all-traffic-latest-revision",
    "--format=value(serviceConfig.uri)",
  ];
}
