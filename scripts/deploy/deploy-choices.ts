import type { NamedSettings } from "./settings-options.ts";
import type { Target } from "./target.ts";

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
