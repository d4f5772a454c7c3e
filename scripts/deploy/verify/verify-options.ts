import { type FunctionName, functionNames } from "../../../shared/events/registry.ts";
import { readArguments } from "../../common/command.ts";
import { localOption, readLocalUrl, separateLocalUrl } from "../../common/local-url.ts";
import { readFunctionNames } from "../deploy-options.ts";
import { commonOptions, readTarget, type Target } from "../target.ts";

export const verifyUsage = `Usage: npm run verify -- --project P --region R [options] [function…]
       npm run verify -- --local [URL] [function…]

Sends a few events to each function that is named (${functionNames.join(", ")}; all by default) and compares what it
promises with what arrives on its topic, through a temporary subscription. The provisioned subscriptions do not see them.

  --project P            id of the Google Cloud project
  --region R             where the functions run
  --impersonate ACCOUNT  a service account that may call them, where you may not
  --local [URL]          the local stack instead (default: http://localhost:8000)
  --help                 print this

Exit code: 0 all promises hold, 1 one is broken, 2 it could not be found out.
`;

const { project, region, help } = commonOptions;
const options = {
  ...{ project, region, help },
  ...localOption,
  impersonate: { type: "string" },
} as const;

export type Where =
  | { readonly kind: "local"; readonly url: string }
  | {
      readonly kind: "cloud";
      readonly target: Target;
      readonly account?: string | undefined;
      /** Of the revision that is meant; the serving one unless given. */
      readonly tag?: string;
    };

export type VerifyOptions =
  | { readonly help: true }
  | { readonly help: false; readonly where: Where; readonly functions: readonly FunctionName[] };

/**
 * Reads the command line of `verify`.
 *
 * @throws UsageError for the first thing that is wrong with it
 */
export function readVerifyOptions(args: readonly string[]): VerifyOptions {
  const { values, positionals } = readArguments(separateLocalUrl(args), options, true);
  if (values.help) return { help: true };
  const { project, region, impersonate } = values;
  const { url, rest } = readLocalUrl(values.local, positionals, { project, region, impersonate });
  const where: Where =
    url === undefined ? { kind: "cloud", target: readTarget(values), account: impersonate } : { kind: "local", url };
  return { help: false, functions: readFunctionNames(rest), where };
}
