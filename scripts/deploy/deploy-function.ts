import type { FunctionName } from "../../shared/events/registry.ts";
import { type DeployedSettings, toDeployedSettings } from "./cloud-run/deployed-settings.ts";
import { readService, type Service } from "./cloud-run/service.ts";
import { toDeployCommands, toFinishCommand, toPolicyCommand } from "./deploy-commands.ts";
import { decideSettings, type WantedSettings } from "./deploy-settings.ts";
import type { DeployChoices } from "./function-settings.ts";
import { readGcloud, runGcloud } from "./gcloud/gcloud.ts";
import { withPropagation } from "./gcloud/propagation.ts";
import { hasBinding } from "./resources/resource.ts";

/** A function before it is deployed: what is there, and what shall be. */
export interface Planned {
  readonly name: FunctionName;
  /** The service behind it; undefined where it is not deployed yet. */
  readonly service: Service | undefined;
  readonly wanted: WantedSettings;
}

/**
 * Reads what is deployed of a function and decides what it is deployed with.
 *
 * @throws GcloudError where gcloud is refused, UsageError where the settings contradict each other
 */
export async function planFunction(name: FunctionName, choices: DeployChoices): Promise<Planned> {
  // Right after provisioning the API may not be known to be on yet.
  const service = await withPropagation(() => readService(name, choices.target));
  const deployed = service && toDeployedSettings(service);
  const policy = service && (await readGcloud(toPolicyCommand(name, choices.target)));
  return {
    name,
    service,
    wanted: decideSettings(name, choices, deployed, hasBinding(policy, "roles/run.invoker", "allUsers")),
  };
}

interface DeployOptions {
  /** Receives each line of progress. */
  readonly report: (line: string) => void;
  /** Flags of `functions deploy` that are left out. */
  readonly without?: readonly string[];
  /** Ends gcloud. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds between the attempts while Google's accounts are not ready; a test waits less. */
  readonly delays?: readonly number[] | undefined;
}

/**
 * Deploys one function and lets its invokers call it.
 *
 * @returns the function's URL
 * @throws GcloudError where a command failed
 */
export async function deployFunction(
  planned: Planned,
  choices: DeployChoices,
  options: DeployOptions,
): Promise<string> {
  const { report, without = [] } = options;
  const { name, wanted } = planned;
  const commands = toDeployCommands(name, choices, wanted);
  for (const note of wanted.notes) report(note);
  report("uploading and building");
  const url = await runPatiently(
    commands.deploy.filter((arg) => !without.includes(arg)),
    options,
  );

  const finish = toFinishCommand(name, choices.target, wanted, await readDeployed(name, choices));
  if (finish !== undefined) {
    report("switching on what functions deploy has no flag for, such as startup CPU boost");
    await runPatiently(finish, options);
  }

  await addInvokers(planned, choices, options);
  return url;
}

/** Lets those of the invokers call a function who may not yet. @throws GcloudError where gcloud is refused */
export async function addInvokers(
  { name, wanted }: Planned,
  choices: DeployChoices,
  options: DeployOptions,
): Promise<void> {
  const { policy, invoke } = toDeployCommands(name, choices, wanted);
  if (invoke.length === 0) return;
  const bound = await readGcloud(policy);
  // One after the other: each rewrites the whole policy.
  for (const { member, add } of invoke) {
    if (hasBinding(bound, "roles/run.invoker", member)) continue;
    options.report(`letting ${member} call it`);
    await runPatiently(add, options);
  }
}

function runPatiently(args: readonly string[], { report, signal, delays }: DeployOptions): Promise<string> {
  return withPropagation(() => runGcloud(args, { onLine: report, signal }), {
    delays,
    signal,
    onWait: () => report("an account or an API of Google's own is not ready yet: trying again"),
  });
}

async function readDeployed(name: FunctionName, { target }: DeployChoices): Promise<DeployedSettings | undefined> {
  const service = await readService(name, target);
  return service && toDeployedSettings(service);
}
