import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type FunctionName, functionNames } from "../../shared/events/registry.ts";
import { runCommand } from "../common/command.ts";
import { type DeployChoices, toDeployCommands } from "./deploy-commands.ts";
import { deployFunction } from "./deploy-function.ts";
import { deployUsage, readDeployOptions } from "./deploy-options.ts";
import { explainFailure } from "./gcloud/explain-failure.ts";
import { checkGcloud, toPreflightCommands } from "./gcloud/preflight.ts";
import { toShellCommand } from "./gcloud/shell-quote.ts";
import { runVerification } from "./verify/run-verification.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const buildCommand = ["--run", "build"];
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
  if (options.dryRun) {
    printCommands(functions, choices);
    return 0;
  }
  try {
    await checkGcloud(choices.target);
  } catch (error) {
    console.error(await explainFailure(error, choices.target));
    return 1;
  }
  if (!(await build())) {
    console.error("the build failed; nothing was deployed");
    return 1;
  }
  const deployments = await Promise.all(functions.map((name) => deployReporting(name, choices)));
  const code = printResult(deployments);
  if (code !== 0 || !options.verify) return code;
  return runVerification({ kind: "cloud", target: choices.target, account: undefined }, functions);
}

function printCommands(functions: readonly FunctionName[], choices: DeployChoices): void {
  const preflight = toPreflightCommands(choices.target);
  for (const command of [preflight.version, preflight.projectNumber]) console.log(toShellCommand("gcloud", command));
  console.log(toShellCommand("node", buildCommand));
  for (const name of functions) {
    const { deploy, service, boost, policy, invoke } = toDeployCommands(name, choices);
    console.log(`\n# ${name}`);
    console.log("# read first: CALLER_IDENTITY is none where the invoker check is off");
    console.log(toShellCommand("gcloud", service));
    console.log(toShellCommand("gcloud", deploy));
    console.log("# uploads the folder; there the build runs npm ci and npm run gcp-build, which makes the code cache");
    console.log("# read, then switch startup CPU boost on where it is off");
    for (const command of [service, boost]) console.log(toShellCommand("gcloud", command));
    if (invoke.length === 0) continue;
    console.log("# read, then add the invokers who are missing");
    for (const command of [policy, ...invoke.map(({ add }) => add)]) console.log(toShellCommand("gcloud", command));
  }
}

async function build(): Promise<boolean> {
  const child = spawn(process.execPath, buildCommand, { cwd: root, stdio: "inherit" });
  const [code] = await once(child, "close");
  return code === 0;
}

async function deployReporting(name: FunctionName, choices: DeployChoices): Promise<Deployment> {
  const report = (line: string) => {
    // gcloud draws its progress with dots where it has no terminal; its errors are explained once, at the end.
    const text = line.replace(/^\.+/, "").trim();
    if (text !== "" && !text.startsWith("ERROR:")) console.log(`${name.padEnd(labelWidth)}  ${text}`);
  };
  try {
    return { name, url: await deployFunction(name, choices, report) };
  } catch (error) {
    const failure = await explainFailure(error, choices.target);
    report(`FAILED: ${failure}`);
    return { name, failure };
  }
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
