import { type FunctionName, functionNames } from "../../shared/events/registry.ts";
import { readArguments, UsageError } from "../common/command.ts";
import { type DeployChoices, ingresses } from "./deploy-commands.ts";
import { commonOptions, readTarget } from "./options.ts";

export const deployUsage = `Usage: npm run deploy -- --project P --region R [options] [function…]

Builds, then deploys the functions that are named, side by side: ${functionNames.join(", ")}; all by default.
The project has to be provisioned first: npm run provision -- --project P --region R

  --project P                          id of the Google Cloud project
  --region R                           where the functions run
  --environment NAME                   label on every log line (default: prod)
  --ingress ${ingresses.join("|")}   who reaches the functions over the network (default: all)
  --invoker MEMBER                     lets an IAM member call the functions, such as
                                       serviceAccount:checkout@P.iam.gserviceaccount.com; may be repeated
  --allow-unauthenticated              lets everybody call the functions (default: --no-allow-unauthenticated)
  --verify                             then check that the functions keep their promises: npm run verify -- --help
  --dry-run                            print the commands and run nothing
  --help                               print this
`;

const options = {
  ...commonOptions,
  environment: { type: "string", default: "prod" },
  ingress: { type: "string", default: "all" },
  invoker: { type: "string", multiple: true },
  verify: { type: "boolean", default: false },
  "allow-unauthenticated": { type: "boolean", default: false },
} as const;

export type DeployOptions =
  | { readonly help: true }
  | {
      readonly help: false;
      readonly dryRun: boolean;
      /** Whether what was deployed is verified, too. */
      readonly verify: boolean;
      readonly functions: readonly FunctionName[];
      readonly choices: DeployChoices;
    };

/**
 * Reads the command line of `deploy`.
 *
 * @throws UsageError for the first thing that is wrong with it
 */
export function readDeployOptions(args: readonly string[]): DeployOptions {
  const { values, positionals } = readArguments(args, options, true);
  if (values.help) return { help: true };
  const target = readTarget(values);
  const ingress = ingresses.find((known) => known === values.ingress);
  if (ingress === undefined) {
    throw new UsageError(`--ingress must be one of ${ingresses.join(", ")}, not ${JSON.stringify(values.ingress)}`);
  }
  // It becomes a label's value, and a part of gcloud's comma-separated lists.
  if (!/^[a-z0-9][a-z0-9_-]{0,62}$/.test(values.environment)) {
    throw new UsageError(
      `--environment must be lower-case letters, digits, - and _, not ${JSON.stringify(values.environment)}`,
    );
  }
  const { invoker: invokers = [] } = values;
  const badInvoker = invokers.find(
    (member) => !/^(user|group|serviceAccount|domain|principal(Set)?):\S+$/.test(member),
  );
  if (badInvoker !== undefined) {
    throw new UsageError(
      `--invoker must be an IAM member such as serviceAccount:NAME@PROJECT.iam.gserviceaccount.com, not ${JSON.stringify(badInvoker)}`,
    );
  }
  return {
    help: false,
    dryRun: values["dry-run"],
    verify: values.verify,
    functions: readFunctionNames(positionals),
    choices: {
      target,
      environment: values.environment,
      ingress,
      allowUnauthenticated: values["allow-unauthenticated"],
      invokers: [...new Set(invokers)],
    },
  };
}

/** @throws UsageError for a name that no function has; none means all */
export function readFunctionNames(positionals: readonly string[]): readonly FunctionName[] {
  const unknown = positionals.find((name) => !(functionNames as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`there is no function ${JSON.stringify(unknown)}; there are ${functionNames.join(", ")}`);
  }
  return positionals.length === 0 ? functionNames : functionNames.filter((name) => positionals.includes(name));
}
