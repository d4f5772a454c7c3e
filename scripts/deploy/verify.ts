import { runCommand } from "../common/command.ts";
import { explainFailure } from "./gcloud/explain-failure.ts";
import { checkGcloud } from "./gcloud/preflight.ts";
import { runVerification } from "./verify/run-verification.ts";
import { readVerifyOptions, verifyUsage } from "./verify/verify-options.ts";

async function main(args: readonly string[]): Promise<number> {
  const options = readVerifyOptions(args);
  if (options.help) {
    process.stdout.write(verifyUsage);
    return 0;
  }
  const { where, functions } = options;
  try {
    if (where.kind === "cloud") await checkGcloud(where.target);
    return await runVerification(where, functions);
  } catch (error) {
    // Whatever it was: nothing was found out.
    console.error(where.kind === "cloud" ? await explainFailure(error, where.target) : (error as Error).message);
    return 2;
  }
}

await runCommand(main);
