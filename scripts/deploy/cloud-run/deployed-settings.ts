import { type Service, toVariables } from "./service.ts";

/** What of a deployed function a person may have set, read from Cloud Run itself: the Functions API only knows what it was sent. */
export interface DeployedSettings {
  readonly minInstances: number;
  /** Undefined where Cloud Run has none of its own. */
  readonly maxInstances: number | undefined;
  readonly concurrency: number | undefined;
  /** As `functions deploy` spells it. */
  readonly ingress: string;
  readonly isInvokerChecked: boolean;
  readonly variables: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly hasBoost: boolean;
}

const ingresses: Readonly<Record<string, string>> = {
  internal: "internal-only",
  "internal-and-cloud-load-balancing": "internal-and-gclb",
};

/** What the platform sets by itself, and refuses to be given. */
const reserved =
  /^(FUNCTION_(TARGET|SIGNATURE_TYPE)|K_(SERVICE|REVISION|CONFIGURATION)|PORT|GOOGLE_CLOUD_PROJECT|X_GOOGLE_\w+)$/;

/** Takes from a service what the next deployment keeps. */
export function toDeployedSettings(service: Service): DeployedSettings {
  const { template = {} } = service.spec ?? {};
  const { annotations = {}, labels = {} } = template.metadata ?? {};
  const ofService = service.metadata?.annotations ?? {};
  const variables = Object.entries(toVariables(template)).filter(([variable]) => !reserved.test(variable));
  return {
    // A bound of the service as a whole is what the console sets.
    minInstances:
      toNumber(annotations["autoscaling.knative.dev/minScale"] ?? ofService["run.googleapis.com/minScale"]) ?? 0,
    maxInstances: toNumber(annotations["autoscaling.knative.dev/maxScale"] ?? ofService["run.googleapis.com/maxScale"]),
    concurrency: template.spec?.containerConcurrency,
    ingress: ingresses[ofService["run.googleapis.com/ingress"] ?? "all"] ?? "all",
    // The platform writes `true`, gcloud writes `True`.
    isInvokerChecked: ofService["run.googleapis.com/invoker-iam-disabled"]?.toLowerCase() !== "true",
    variables: Object.fromEntries(variables),
    labels,
    hasBoost: annotations["run.googleapis.com/startup-cpu-boost"]?.toLowerCase() === "true",
  };
}

function toNumber(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
