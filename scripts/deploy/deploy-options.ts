import { type FunctionName, functionNames } from "../../shared/events/registry.ts";
import { readArguments, readCount, UsageError } from "../common/command.ts";
import { type DeployChoices, ingresses, runtimeUpdatePolicies } from "./function-settings.ts";
import { readNamedSettings, settingsOptions, settingsUsage } from "./settings-options.ts";
import { commonOptions, readTarget } from "./target.ts";

export const deployUsage = `Usage: npm run deploy -- --project P --region R [options] [function…] [-- FLAG…]

Builds, then deploys the functions that are named, side by side: ${functionNames.join(", ")}; all by default.
The project has to be provisioned first: npm run provision -- --project P --region R

  --project P                          id of the Google Cloud project
  --region R                           where the functions run
  --environment NAME                   label on every log line (at first: prod)
${settingsUsage}  --ingress ${ingresses.join("|")}   who reaches the functions over the network (at first: all)
  --invoker MEMBER                     lets an IAM member call the functions, such as
                                       serviceAccount:checkout@P.iam.gserviceaccount.com; may be repeated
  --allow-unauthenticated              lets everybody call the functions (at first: --no-allow-unauthenticated)
  --no-invoker-iam-check               the same where the organisation forbids grants to allUsers
  --runtime-update-policy ${runtimeUpdatePolicies.join("|")}
                                       when Google renews Node beneath the function (Google's own default: automatic)
  --gradual                            one function after the other: the new revision is verified without traffic, then gets
                                       10 %, 50 % and all of it; where it fails, all traffic stays on or returns to the old one
  --step-minutes N                     how long --gradual watches at 10 and at 50 % (default: 10)
  --rollback                           deploy nothing: all traffic to the newest revision of another commit
  --yes                                --rollback may bring back another contract
  --impersonate ACCOUNT                a service account that may call the functions, where you may not
  --verify                             then check that the functions keep their promises: npm run verify -- --help
  --dry-run                            print the commands and run nothing
  --help                               print this
  -- FLAG…                             further flags of gcloud functions deploy, as they are: -- --kms-key=…

Exit code: 0 all is done, 1 something failed, or --gradual went back, 2 --gradual or --verify could not find out, or the command
line is wrong.
`;

const options = {
  ...commonOptions,
  ...settingsOptions,
  environment: { type: "string" },
  ingress: { type: "string" },
  invoker: { type: "string", multiple: true },
  verify: { type: "boolean", default: false },
  "allow-unauthenticated": { type: "boolean" },
  "invoker-iam-check": { type: "boolean" },
  "runtime-update-policy": { type: "string" },
  gradual: { type: "boolean", default: false },
  "step-minutes": { type: "string" },
  rollback: { type: "boolean", default: false },
  yes: { type: "boolean", default: false },
  impersonate: { type: "string" },
} as const;

export type DeployOptions =
  | { readonly help: true }
  | {
      readonly help: false;
      readonly dryRun: boolean;
      /** Whether what was deployed is verified, too. */
      readonly verify: boolean;
      /** Step by step; undefined where it is not wanted. */
      readonly gradual: { readonly stepMs: number } | undefined;
      /** Back instead of forth; undefined where it is not wanted. */
      readonly rollback: { readonly isSure: boolean } | undefined;
      /** Whom gcloud acts as where it calls the functions. */
      readonly account: string | undefined;
      readonly functions: readonly FunctionName[];
      readonly choices: DeployChoices;
    };

/**
 * Reads the command line of `deploy`.
 *
 * @throws UsageError for the first thing that is wrong with it
 */
export function readDeployOptions(args: readonly string[]): DeployOptions {
  // Node's reader would take them for names of functions.
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const { values, positionals } = readArguments(args.slice(0, end), options, true);
  if (values.help) return { help: true };
  const target = readTarget(values);
  // It becomes a label's value.
  if (values.environment !== undefined && !/^[a-z0-9][a-z0-9_-]{0,62}$/.test(values.environment)) {
    throw new UsageError(
      `--environment must be lower-case letters, digits, - and _, not ${JSON.stringify(values.environment)}`,
    );
  }
  if (values["step-minutes"] !== undefined && !values.gradual) throw new UsageError("--step-minutes needs --gradual");
  if (values.yes && !values.rollback) throw new UsageError("--yes needs --rollback");
  if (values.rollback && (values.gradual || values.verify)) {
    throw new UsageError("--rollback goes neither with --gradual nor with --verify");
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
    gradual: values.gradual
      ? { stepMs: 60_000 * readCount("step-minutes", values["step-minutes"] ?? "10", 0) }
      : undefined,
    rollback: values.rollback ? { isSure: values.yes } : undefined,
    account: values.impersonate,
    functions: readFunctionNames(positionals),
    choices: {
      target,
      environment: values.environment,
      ingress: readChoice("ingress", ingresses, values.ingress),
      allowUnauthenticated: values["allow-unauthenticated"],
      isInvokerChecked: values["invoker-iam-check"],
      runtimeUpdatePolicy: readChoice("runtime-update-policy", runtimeUpdatePolicies, values["runtime-update-policy"]),
      invokers: [...new Set(invokers)],
      settings: readNamedSettings(values),
      extra: args.slice(end + 1),
    },
  };
}

function readChoice<TChoice extends string>(option: string, choices: readonly TChoice[], value: string | undefined) {
  const choice = choices.find((known) => known === value);
  if (value === undefined || choice !== undefined) return choice;
  throw new UsageError(`--${option} must be one of ${choices.join(", ")}, not ${JSON.stringify(value)}`);
}

/** @throws UsageError for a name that no function has; none means all */
export function readFunctionNames(positionals: readonly string[]): readonly FunctionName[] {
  const unknown = positionals.find((name) => !(functionNames as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`there is no function ${JSON.stringify(unknown)}; there are ${functionNames.join(", ")}`);
  }
  return positionals.length === 0 ? functionNames : functionNames.filter((name) => positionals.includes(name));
}
