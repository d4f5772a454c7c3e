import { type FunctionName, functionNames } from "../../../shared/events/registry.ts";
import { readArguments, UsageError } from "../../common/command.ts";
import { readFunctionNames } from "../deploy-options.ts";
import { commonOptions, readTarget } from "../options.ts";
import type { Target } from "../target.ts";

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
  local: { type: "boolean", default: false },
  impersonate: { type: "string" },
} as const;

const isUrl = (text: string) => /^https?:\/\/\S+$/.test(text);

export type Where =
  | { readonly kind: "local"; readonly url: string }
  | { readonly kind: "cloud"; readonly target: Target; readonly account: string | undefined };

export type VerifyOptions =
  | { readonly help: true }
  | { readonly help: false; readonly where: Where; readonly functions: readonly FunctionName[] };

/**
 * Reads the command line of `verify`.
 *
 * @throws UsageError for the first thing that is wrong with it
 */
export function readVerifyOptions(args: readonly string[]): VerifyOptions {
  // The URL is optional, which Node's options know nothing of: it is read as a name.
  const separated = args.flatMap((arg) =>
    arg.startsWith("--local=") ? ["--local", arg.slice("--local=".length)] : [arg],
  );
  const { values, positionals } = readArguments(separated, options, true);
  if (values.help) return { help: true };
  const urls = positionals.filter(isUrl);
  const functions = readFunctionNames(positionals.filter((name) => !isUrl(name)));
  if (!values.local) {
    if (urls.length > 0) throw new UsageError(`${urls[0]} needs --local`);
    return {
      help: false,
      functions,
      where: { kind: "cloud", target: readTarget(values), account: values.impersonate },
    };
  }
  const stray = (["project", "region", "impersonate"] as const).find((name) => values[name] !== undefined);
  if (stray !== undefined) throw new UsageError(`--${stray} does not go with --local`);
  if (urls.length > 1) throw new UsageError("--local takes one URL");
  return { help: false, functions, where: { kind: "local", url: urls[0] ?? "http://localhost:8000" } };
}
