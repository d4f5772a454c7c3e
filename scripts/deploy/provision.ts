import { runCommand } from "../common/command.ts";
import { applyStages, type Progress, type Stage } from "./apply-stages.ts";
import { explainFailure } from "./gcloud/explain-failure.ts";
import { projectNumberVariable } from "./gcloud/gcloud.ts";
import { checkGcloud } from "./gcloud/preflight.ts";
import { planAlerts, planChannels, planSignals } from "./monitoring/monitoring-plan.ts";
import { printCommands, printPlan } from "./provision-dry-run.ts";
import { type ProvisionChoices, provisionUsage, readProvisionOptions } from "./provision-options.ts";
import { planProvision } from "./provision-plan.ts";
import { readResource } from "./resources/resource.ts";

async function main(args: readonly string[]): Promise<number> {
  const options = readProvisionOptions(args);
  if (options.help) {
    process.stdout.write(provisionUsage);
    return 0;
  }
  const { choices, dryRun } = options;
  const { target, monitoring } = choices;
  let projectNumber: string;
  try {
    projectNumber = await checkGcloud(target, { withMonitoring: monitoring !== undefined });
  } catch (error) {
    const reason = await explainFailure(error, target);
    if (!dryRun) {
      console.error(reason);
      return 1;
    }
    console.log(`# The project cannot be read (${reason}).\n# These are the commands of a run:\n`);
    printCommands(target, planAll(choices, projectNumberVariable, []));
    return 0;
  }
  if (!dryRun) return provision(choices, projectNumber);
  const channels = await readChannels(choices).catch(() => []);
  return (await printPlan(target, planAll(choices, projectNumber, channels))) ? 0 : 1;
}

function planAll(choices: ProvisionChoices, projectNumber: string, channels: readonly string[]): readonly Stage[] {
  const { target, withSubscriptions, monitoring } = choices;
  const stages = planProvision({ target, projectNumber, withSubscriptions });
  if (monitoring === undefined) return stages;
  return [...stages, planSignals(monitoring, target), planAlerts(monitoring, channels, withSubscriptions, target)];
}

async function provision(choices: ProvisionChoices, projectNumber: string): Promise<number> {
  const { target, withSubscriptions, monitoring } = choices;
  const progress: Progress = { done: [], failed: [] };
  const before = planAll({ ...choices, monitoring: undefined }, projectNumber, []);
  await applyStages(before, target, progress);
  if (monitoring !== undefined && progress.failed.length === 0) {
    await applyStages([planSignals(monitoring, target)], target, progress);
    // Only now the channels have the names by which the policies know them.
    const channels = progress.failed.length === 0 ? await readChannels(choices) : [];
    await applyStages([planAlerts(monitoring, channels, withSubscriptions, target)], target, progress);
  }
  const { done, failed } = progress;
  if (failed.length > 0) {
    const total = planAll(choices, projectNumber, []).flat().length;
    console.error(`\nNot finished. Done (${done.length} of ${total}): ${done.join(", ") || "nothing"}`);
    console.error(
      `Failed: ${failed.join(", ")}. Nothing that needs them was tried; put it right and run the same again.`,
    );
    return 1;
  }
  if (monitoring?.addresses.length === 0) console.log("\nThe alerts tell nobody yet: add --notify email:ADDRESS");
  if (monitoring && monitoring.runbookUrl === undefined) {
    console.log(
      "\nThe alerts name their section of docs/operations.md, and no page: add --runbook URL, where people read it",
    );
  }
  console.log(`\nReady to deploy: npm run deploy -- --project ${target.project} --region ${target.region}`);
  return 0;
}

/** The names of the notification channels that there are. */
async function readChannels({ monitoring, target }: ProvisionChoices): Promise<readonly string[]> {
  const found = await Promise.all(planChannels(monitoring?.addresses ?? [], target).map(readResource));
  return found.flatMap((channel) => (channel === undefined ? [] : [(channel as { name: string }).name]));
}

await runCommand(main);
