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
  if (where.kind === "cloud") {
    try {
      await checkGcloud(where.target);
    } catch (error) {
      console.error(await explainFailure(error, where.target));
      return 2;
    }
  }
  return runVerification(where, functions);
}

await runCommand(main);
