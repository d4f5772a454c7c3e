interface Service {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
}

/**
 * Says whether a function may believe the ID token of a request (`CALLER_IDENTITY`): only where the platform has checked it.
 *
 * @param mayAllCall whether `allUsers` may call the function once it is deployed
 * @param service the Cloud Run service as it is now; undefined where there is none yet
 */
export function toCallerIdentity(mayAllCall: boolean, service: unknown): "iam" | "none" {
  const { annotations } = (service as Service | undefined)?.metadata ?? {};
  const isUnchecked = annotations?.["run.googleapis.com/invoker-iam-disabled"]?.toLowerCase() === "true";
  return mayAllCall || isUnchecked ? "none" : "iam";
}
