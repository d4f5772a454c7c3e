import { readArguments, UsageError } from "../common/command.ts";
import type { MonitoringChoices } from "./monitoring/monitoring-plan.ts";
import { commonOptions, readTarget, type Target } from "./target.ts";

export const provisionUsage = `Usage: npm run provision -- --project P --region R [options]

Brings a Google Cloud project to the state that the functions need: APIs, topics, dead-letter topics, subscriptions,
service accounts and their permissions. What is already as wanted is left alone; running it again is safe.

  --project P                     id of the Google Cloud project
  --region R                      where messages are stored; the region that the functions are deployed to
  --subscriptions default|none    a pull subscription for each topic (default), or none
  --monitoring                    also log-based metrics, alert policies and a dashboard
  --notify email:ADDRESS          whom the alerts tell; may be repeated
  --runbook URL                   where docs/operations.md can be read, for the links in the alerts
  --dry-run                       change nothing: print what would change where the project can be read,
                                  else the gcloud commands
  --help                          print this
`;

const options = {
  ...commonOptions,
  subscriptions: { type: "string", default: "default" },
  monitoring: { type: "boolean", default: false },
  notify: { type: "string", multiple: true },
  runbook: { type: "string" },
} as const;

/** What a person chooses when provisioning. */
export interface ProvisionChoices {
  readonly target: Target;
  /** Whether each topic gets a subscription for a consumer to start with. */
  readonly withSubscriptions: boolean;
  readonly monitoring: MonitoringChoices | undefined;
}

type ProvisionOptions =
  | { readonly help: true }
  | { readonly help: false; readonly dryRun: boolean; readonly choices: ProvisionChoices };

/**
 * Reads the command line of `provision`.
 *
 * @throws UsageError for the first thing that is wrong with it
 */
export function readProvisionOptions(args: readonly string[]): ProvisionOptions {
  const { values } = readArguments(args, options, false);
  if (values.help) return { help: true };
  const { subscriptions, monitoring, notify = [], runbook } = values;
  if (subscriptions !== "default" && subscriptions !== "none") {
    throw new UsageError(`--subscriptions must be default or none, not ${JSON.stringify(subscriptions)}`);
  }
  const target = readTarget(values);
  if (!monitoring && (notify.length > 0 || runbook !== undefined)) {
    throw new UsageError(`--${notify.length > 0 ? "notify" : "runbook"} needs --monitoring`);
  }
  if (runbook !== undefined && !/^https?:\/\/[^\s#]+$/.test(runbook)) {
    throw new UsageError(`--runbook must be an http or https URL without #, not ${JSON.stringify(runbook)}`);
  }
  const addresses = [...new Set(notify.map(readAddress))];
  return {
    help: false,
    dryRun: values["dry-run"],
    choices: {
      target,
      withSubscriptions: subscriptions === "default",
      monitoring: monitoring ? { addresses, runbookUrl: runbook } : undefined,
    },
  };
}

function readAddress(value: string): string {
  // It becomes a part of a gcloud filter, in quotes.
  const [, address] = /^email:([^\s"\\@]+@[^\s"\\@]+)$/.exec(value) ?? [];
  if (address === undefined) {
    throw new UsageError(
      `--notify must be email:ADDRESS, such as email:oncall@example.com, not ${JSON.stringify(value)}`,
    );
  }
  return address;
}
