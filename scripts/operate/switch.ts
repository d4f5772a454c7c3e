import { functionNames } from "../../shared/events/registry.ts";
import { readArguments, runCommand, UsageError } from "../common/command.ts";
import { readFunctionNames } from "../deploy/deploy-options.ts";
import { type SwitchName, switches } from "../deploy/function-settings.ts";
import { explainFailure } from "../deploy/gcloud/explain-failure.ts";
import { checkGcloud } from "../deploy/gcloud/preflight.ts";
import { readTarget } from "../deploy/target.ts";
import { setSwitch } from "./set-switch.ts";

const usage = `Usage: npm run switch -- SWITCH VALUE --project P --region R [function…]

Sets a switch of whoever is on call, for all functions or those that are named (${functionNames.join(", ")}): a new revision
of what serves, with that one variable changed, which then serves. No deployment undoes it.

${Object.entries(switches)
  .map(([name, { values }]) => `  ${name.padEnd(20)} ${values.join(", ")}; registry takes it back`)
  .join("\n")}

  --project P          id of the Google Cloud project
  --region R           where the functions run
  --help               print this

Exit code: 0 it is set, 1 something failed, 2 the command line is wrong.
`;

const options = {
  project: { type: "string" },
  region: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, options, true);
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const [name, value, ...rest] = positionals;
  if (name === undefined || !Object.hasOwn(switches, name)) {
    throw new UsageError(`the switch must be one of ${Object.keys(switches).join(", ")}; see --help`);
  }
  const allowed = [...switches[name as SwitchName].values, "registry"];
  if (value === undefined || !allowed.includes(value)) {
    throw new UsageError(`${name} must be one of ${allowed.join(", ")}, not ${JSON.stringify(value ?? "")}`);
  }
  const functions = readFunctionNames(rest);
  const target = readTarget(values);
  let failed = false;
  try {
    await checkGcloud(target);
  } catch (error) {
    console.error(await explainFailure(error, target));
    return 1;
  }
  for (const functionName of functions) {
    try {
      console.log(`${functionName} ${await setSwitch(functionName, target, { name: name as SwitchName, value })}`);
    } catch (error) {
      failed = true;
      console.error(`${functionName}: FAILED: ${await explainFailure(error, target)}`);
    }
  }
  return failed ? 1 : 0;
}

await runCommand(main);
