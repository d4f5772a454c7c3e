import type { FunctionName } from "../../shared/events/registry.ts";
import { type DeployChoices, toDeployCommands } from "./deploy-commands.ts";
import { readGcloud, runGcloud } from "./gcloud/gcloud.ts";
import { hasBinding } from "./resources/iam-binding.ts";

interface Service {
  readonly spec?: { readonly template?: { readonly metadata?: { readonly annotations?: Record<string, string> } } };
}

/**
 * Deploys one function and lets its invokers call it.
 *
 * @param report receives each line of progress
 * @returns the function's URL
 * @throws GcloudError where a command failed
 */
export async function deployFunction(
  name: FunctionName,
  choices: DeployChoices,
  report: (line: string) => void,
): Promise<string> {
  const before = await readGcloud(toDeployCommands(name, choices).service);
  const commands = toDeployCommands(name, choices, before);
  report("uploading and building");
  const url = await runGcloud(commands.deploy, { onLine: report });

  // A changed service is a new revision, which starts all instances anew: only where it is needed.
  const service = (await readGcloud(commands.service)) as Service | undefined;
  const boost = service?.spec?.template?.metadata?.annotations?.["run.googleapis.com/startup-cpu-boost"];
  // The platform writes `true`, gcloud writes `True`.
  if (boost?.toLowerCase() !== "true") {
    report("switching on startup CPU boost");
    await runGcloud(commands.boost, { onLine: report });
  }

  if (commands.invoke.length > 0) {
    const policy = await readGcloud(commands.policy);
    // One after the other: each rewrites the whole policy.
    for (const { member, add } of commands.invoke) {
      if (hasBinding(policy, "roles/run.invoker", member)) continue;
      report(`letting ${member} call it`);
      await runGcloud(add, { onLine: report });
    }
  }
  report(`serving at ${url}`);
  return url;
}
