import { readArguments, runCommand, UsageError } from "../common/command.ts";
import { explainFailure } from "./gcloud/explain-failure.ts";
import { checkGcloud, toPreflightCommands } from "./gcloud/preflight.ts";
import { projectNumberVariable, toShellCommand } from "./gcloud/shell-quote.ts";
import { inParallel } from "./in-parallel.ts";
import { commonOptions, readTarget } from "./options.ts";
import { planProvision, type Stage } from "./provision-plan.ts";
import { applyResource } from "./resources/resource.ts";
import type { Target } from "./target.ts";

const usage = `Usage: npm run provision -- --project P --region R [options]

Brings a Google Cloud project to the state that the functions need: APIs, topics, dead-letter topics, subscriptions,
service accounts and their permissions. What is already as wanted is left alone; running it again is safe.

  --project P                     id of the Google Cloud project
  --region R                      where messages are stored; the region that the functions are deployed to
  --subscriptions default|none    a pull subscription for each topic (default), or none
  --dry-run                       print the gcloud commands and run nothing
  --help                          print this
`;

const options = { ...commonOptions, subscriptions: { type: "string", default: "default" } } as const;

/** Four gcloud processes at once keep the whole run under half a minute. */
const processes = 4;

async function main(args: readonly string[]): Promise<number> {
  const { values } = readArguments(args, options, false);
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  if (values.subscriptions !== "default" && values.subscriptions !== "none") {
    throw new UsageError(`--subscriptions must be default or none, not ${JSON.stringify(values.subscriptions)}`);
  }
  const target = readTarget(values);
  const withSubscriptions = values.subscriptions === "default";
  if (values["dry-run"]) {
    printPlan(target, planProvision({ target, projectNumber: projectNumberVariable, withSubscriptions }));
    return 0;
  }
  let projectNumber: string;
  try {
    projectNumber = await checkGcloud(target);
  } catch (error) {
    console.error(await explainFailure(error, target));
    return 1;
  }
  return applyPlan(target, planProvision({ target, projectNumber, withSubscriptions }));
}

function printPlan(target: Target, stages: readonly Stage[]): void {
  const { version, projectNumber } = toPreflightCommands(target);
  console.log(toShellCommand("gcloud", version));
  console.log(`PROJECT_NUMBER=$(${toShellCommand("gcloud", projectNumber)})`);
  for (const { name, read, create, update } of stages.flat()) {
    console.log(
      `\n# ${name}: read, then create it where it is missing${update ? ", or update it where it differs" : ""}`,
    );
    for (const command of [read, create, ...(update ? [update] : [])]) console.log(toShellCommand("gcloud", command));
  }
}

/** Applies stage after stage; within one, a failure does not keep the others from being tried. */
async function applyPlan(target: Target, stages: readonly Stage[]): Promise<number> {
  const done: string[] = [];
  for (const stage of stages) {
    const failed: string[] = [];
    await inParallel(stage, processes, async (resource) => {
      try {
        console.log(`${resource.name}: ${await applyResource(resource)}`);
        done.push(resource.name);
      } catch (error) {
        console.error(`${resource.name}: FAILED: ${await explainFailure(error, target)}`);
        failed.push(resource.name);
      }
    });
    if (failed.length > 0) {
      const total = stages.flat().length;
      console.error(`\nNot finished. Done (${done.length} of ${total}): ${done.join(", ") || "nothing"}`);
      console.error(`Failed: ${failed.join(", ")}. Nothing that needs them was tried; mend it and run the same again.`);
      return 1;
    }
  }
  console.log(`\nReady to deploy: npm run deploy -- --project ${target.project} --region ${target.region}`);
  return 0;
}

await runCommand(main);
