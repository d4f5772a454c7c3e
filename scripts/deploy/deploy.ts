import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type FunctionName, functionNames } from "../../shared/events/registry.ts";
import { runCommand, UsageError } from "../common/command.ts";
import { printDryRun } from "./deploy-dry-run.ts";
import { deployFunction, type Planned, planFunction } from "./deploy-function.ts";
import { deployUsage, readDeployOptions } from "./deploy-options.ts";
import type { DeployChoices } from "./function-settings.ts";
import { explainFailure } from "./gcloud/explain-failure.ts";
import { checkGcloud } from "./gcloud/preflight.ts";
import { deployAllGradually } from "./rollout/deploy-gradually.ts";
import { rollBack } from "./rollout/roll-back.ts";
import { runVerification } from "./verify/run-verification.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const labelWidth = Math.max(...functionNames.map((name) => name.length));

interface Deployment {
  readonly name: FunctionName;
  readonly url?: string;
  readonly failure?: string;
}

async function main(args: readonly string[]): Promise<number> {
  const options = readDeployOptions(args);
  if (options.help) {
    process.stdout.write(deployUsage);
    return 0;
  }
  const { functions, choices } = options;
  // Sources are named relative to the project, so that the commands can be pasted there on any machine.
  process.chdir(root);
  if (options.dryRun) return printDryRun(functions, choices, options);
  const { target } = choices;
  let planned: readonly Planned[];
  try {
    await checkGcloud(target);
    if (options.rollback) return await rollBack(functions, target, { ...options.rollback, account: options.account });
    planned = await Promise.all(functions.map((name) => planFunction(name, choices)));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    console.error(await explainFailure(error, target));
    return 1;
  }
  if (!(await build())) {
    console.error("the build failed; nothing was deployed");
    return 1;
  }
  const { account } = options;
  const code = options.gradual
    ? await deployUntilStopped(functions, choices, { ...options.gradual, account })
    : printResult(await deployAll(planned, choices));
  if (code !== 0 || !options.verify) return code;
  return runVerification({ kind: "cloud", target, account }, functions);
}

/** Ctrl-C ends the step that is under way; a second one does not wait for anything. */
async function deployUntilStopped(
  names: readonly FunctionName[],
  choices: DeployChoices,
  options: { stepMs: number; account: string | undefined },
): Promise<number> {
  const ending = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => (ending.signal.aborted ? process.exit(130) : ending.abort()));
  }
  const outcome = await deployAllGradually(names, choices, { ...options, signal: ending.signal }, toReport);
  // A verification that was broken off is still under way.
  if (outcome !== 0) process.exit(outcome);
  process.removeAllListeners("SIGINT").removeAllListeners("SIGTERM");
  return 0;
}

/** Side by side; but a project's first one alone, as it has Google make what they share: a repository, service accounts. */
async function deployAll(planned: readonly Planned[], choices: DeployChoices): Promise<readonly Deployment[]> {
  const isFirst = planned.every(({ service }) => service === undefined);
  const [head, rest] = isFirst ? [planned.slice(0, 1), planned.slice(1)] : [[], planned];
  const first = await Promise.all(head.map((each) => deployReporting(each, choices)));
  return [...first, ...(await Promise.all(rest.map((each) => deployReporting(each, choices))))];
}

async function build(): Promise<boolean> {
  const child = spawn(process.execPath, ["--run", "build"], { cwd: root, stdio: "inherit" });
  const [code] = await once(child, "close");
  return code === 0;
}

async function deployReporting(planned: Planned, choices: DeployChoices): Promise<Deployment> {
  const { name } = planned;
  const report = toReport(name);
  try {
    const url = await deployFunction(planned, choices, { report });
    report(`serving at ${url}`);
    return { name, url };
  } catch (error) {
    const failure = await explainFailure(error, choices.target);
    report(`FAILED: ${failure}`);
    return { name, failure };
  }
}

function toReport(name: FunctionName): (line: string) => void {
  return (line) => {
    // gcloud draws its progress with dots where it has no terminal; its errors are explained once, at the end.
    const text = line.replace(/^\.+/, "").trim();
    if (text !== "" && !text.startsWith("ERROR:")) console.log(`${name.padEnd(labelWidth)}  ${text}`);
  };
}

function printResult(deployments: readonly Deployment[]): number {
  console.log("");
  for (const { name, url, failure } of deployments) {
    console.log(`${name.padEnd(labelWidth)}  ${url ?? `FAILED: ${failure}`}`);
  }
  const failed = deployments.filter(({ url }) => url === undefined).map(({ name }) => name);
  if (failed.length === 0) return 0;
  const done = deployments.filter(({ url }) => url !== undefined).map(({ name }) => name);
  console.error(`\nDone: ${done.join(", ") || "nothing"}. Failed: ${failed.join(", ")}.`);
  console.error(`Once that is put right, run the same again; to leave out what is done, name only ${failed.join(" ")}`);
  return 1;
}

await runCommand(main);
