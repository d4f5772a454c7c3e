import type { FunctionName } from "../../shared/events/registry.ts";
import { UsageError } from "../common/command.ts";
import type { DeployChoices } from "./deploy-choices.ts";
import { toDeployCommands, toFinishCommand } from "./deploy-commands.ts";
import { type Planned, planFunction } from "./deploy-function.ts";
import { decideSettings } from "./deploy-settings.ts";
import { explainFailure } from "./gcloud/explain-failure.ts";
import { toPreflightCommands } from "./gcloud/preflight.ts";
import { toShellCommand } from "./gcloud/shell-quote.ts";

/**
 * Prints the commands of a run, ready to paste, and runs none that changes anything. Where the project cannot be read they
 * are those for an empty one.
 *
 * @returns the exit code
 */
export async function printDryRun(functions: readonly FunctionName[], choices: DeployChoices): Promise<number> {
  const { version, projectNumber } = toPreflightCommands(choices.target);
  const planned = await planAll(functions, choices);
  for (const command of [version, projectNumber]) console.log(toShellCommand("gcloud", command));
  console.log(toShellCommand("node", ["--run", "build"]));
  for (const each of planned) printCommands(each, choices);
  return 0;
}

async function planAll(functions: readonly FunctionName[], choices: DeployChoices): Promise<readonly Planned[]> {
  try {
    return await Promise.all(functions.map((name) => planFunction(name, choices)));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const reason = await explainFailure(error, choices.target);
    console.log(`# What is deployed cannot be read (${reason}).`);
    console.log("# These are the commands for a project without functions:\n");
    return functions.map((name) => ({
      name,
      service: undefined,
      wanted: decideSettings(name, choices, undefined, false),
    }));
  }
}

function printCommands({ name, wanted }: Planned, choices: DeployChoices): void {
  const { deploy, service, policy, invoke } = toDeployCommands(name, choices, wanted);
  console.log(`\n# ${name}`);
  for (const note of wanted.notes) console.log(`# ${note}`);
  console.log(toShellCommand("gcloud", deploy));
  console.log("# uploads the folder; there the build runs npm ci and npm run gcp-build, which makes the code cache");
  console.log("# read, then set what functions deploy has no flag for, where it is not as wanted");
  const finish = toFinishCommand(name, choices.target, wanted, undefined) ?? [];
  for (const command of [service, finish]) console.log(toShellCommand("gcloud", command));
  if (invoke.length === 0) return;
  console.log("# read, then add the invokers who are missing");
  for (const command of [policy, ...invoke.map(({ add }) => add)]) console.log(toShellCommand("gcloud", command));
}
