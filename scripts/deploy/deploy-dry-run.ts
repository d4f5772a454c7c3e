import type { FunctionName } from "../../shared/events/registry.ts";
import { UsageError } from "../common/command.ts";
import { toPlace, toShares, toTrafficCommand } from "./cloud-run/service.ts";
import { toDeployCommands, toFinishCommand } from "./deploy-commands.ts";
import { type Planned, planFunction } from "./deploy-function.ts";
import type { DeployOptions } from "./deploy-options.ts";
import { decideSettings } from "./deploy-settings.ts";
import type { DeployChoices } from "./function-settings.ts";
import { explainFailure } from "./gcloud/explain-failure.ts";
import { toShellCommand } from "./gcloud/gcloud.ts";
import { toPreflightCommands } from "./gcloud/preflight.ts";
import { candidateTag } from "./rollout/next-step.ts";
import type { Target } from "./target.ts";

/**
 * Prints the commands of a run, ready to paste, and runs none that changes anything. Where the project cannot be read they
 * are those for an empty one.
 *
 * @returns the exit code
 */
export async function printDryRun(
  functions: readonly FunctionName[],
  choices: DeployChoices,
  { gradual, rollback }: Pick<Extract<DeployOptions, { help: false }>, "gradual" | "rollback">,
): Promise<number> {
  const { version, projectNumber } = toPreflightCommands(choices.target);
  const planned = await planAll(functions, choices);
  for (const command of [version, projectNumber]) console.log(toShellCommand("gcloud", command));
  if (rollback) {
    for (const name of functions) printRollback(name, choices.target);
    return 0;
  }
  console.log(toShellCommand("node", ["--run", "build"]));
  for (const each of planned) {
    const stable = each.service && [...toShares(each.service)].toSorted(([, a], [, b]) => b - a)[0]?.[0];
    if (gradual && stable !== undefined) printGradually(each, choices, stable, gradual.stepMs);
    else printCommands(each, choices);
  }
  return 0;
}

function printTraffic(name: FunctionName, target: Target, ...flags: readonly string[]): void {
  console.log(toShellCommand("gcloud", toTrafficCommand(name, target, ...flags)));
}

/** The whole sequence for a function that serves; `NEW` stands for the revision that the deployment makes. */
function printGradually(planned: Planned, choices: DeployChoices, stable: string, stepMs: number): void {
  const { name } = planned;
  const traffic = (...flags: string[]) => printTraffic(name, choices.target, ...flags);
  console.log(`\n# ${name}: ${stable} serves; each step is decided by what is read back`);
  traffic(`--to-revisions=${stable}=100`);
  printCommands(planned, choices, ["--serve-all-traffic-latest-revision"]);
  console.log("# read: where the new revision, NEW, has traffic by itself, the first command again, and an end");
  traffic(`--update-tags=${candidateTag}=NEW`);
  const { project, region } = choices.target;
  console.log(`# npm run verify -- --project ${project} --region ${region} ${name}, at the tag's URL`);
  for (const share of [10, 50]) {
    traffic(`--to-revisions=NEW=${share},${stable}=${100 - share}`);
    console.log(
      `# ${stepMs / 60_000} minutes; above the fast alert's rate of bad answers or ERROR lines, or where they cannot be read:`,
    );
    console.log(
      `# ${toShellCommand("gcloud", toTrafficCommand(name, choices.target, `--to-revisions=${stable}=100`))}`,
    );
  }
  traffic("--to-latest", `--remove-tags=${candidateTag}`);
}

function printRollback(name: FunctionName, target: Target): void {
  console.log(
    `\n# ${name}: OLD is the newest revision of another commit; both contracts are asked for at /health first`,
  );
  console.log(toShellCommand("gcloud", ["run", "revisions", "list", `--service=${name}`, ...toPlace(target)]));
  printTraffic(name, target, "--update-tags=back=OLD");
  printTraffic(name, target, "--to-revisions=OLD=100", "--remove-tags=back");
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

function printCommands({ name, wanted }: Planned, choices: DeployChoices, without: readonly string[] = []): void {
  const { deploy, service, policy, invoke } = toDeployCommands(name, choices, wanted);
  if (without.length === 0) console.log(`\n# ${name}`);
  for (const note of wanted.notes) console.log(`# ${note}`);
  console.log(
    toShellCommand(
      "gcloud",
      deploy.filter((arg) => !without.includes(arg)),
    ),
  );
  console.log("# uploads the folder; there the build runs npm ci and npm run gcp-build, which makes the code cache");
  console.log("# read, then set what functions deploy has no flag for, where it is not as wanted");
  const finish = toFinishCommand(name, choices.target, wanted, undefined) ?? [];
  for (const command of [service, finish]) console.log(toShellCommand("gcloud", command));
  if (invoke.length === 0) return;
  console.log("# read, then add the invokers who are missing");
  for (const command of [policy, ...invoke.map(({ add }) => add)]) console.log(toShellCommand("gcloud", command));
}
