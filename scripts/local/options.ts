import { parseArgs } from "node:util";
import { UsageError } from "../common/command.ts";
import type { BrokerChoice } from "../pubsub/broker.ts";

/** What `npm start` was asked for. */
export interface StartOptions {
  /** Port of the front; 0 takes a free one. */
  readonly port: number;
  readonly broker: BrokerChoice;
  /** Port of the Pub/Sub server; undefined takes 8085 where that is free, else any. */
  readonly pubsubPort: number | undefined;
  /** How much the terminal shows. */
  readonly detail: Detail;
  /** Whether debuggers can attach to the functions. */
  readonly inspect: boolean;
}

/** `quiet`: what was refused or failed; `normal`: a line for each request and message; `verbose`: bodies and logs as well. */
export type Detail = "quiet" | "normal" | "verbose";

/** What `npm run pubsub` was asked for. */
export interface PubSubOptions {
  readonly port: number;
  readonly broker: BrokerChoice;
  readonly project: string;
}

const brokerUsage = `  --broker       the Pub/Sub server: "emulator" insists on Google's, "embedded" on the one built in here;
                 "auto" takes the one at PUBSUB_EMULATOR_HOST if that is set, else the emulator if this machine
                 has it, else the embedded one`;

export const usage = `Runs the whole producer on this machine: a Pub/Sub server, the functions, and one front for them.

  npm start -- [--port=8000] [--pubsub-port=8085] [--broker=auto|emulator|embedded] [--verbose|--quiet] [--inspect]

  --port         where the front listens
  --pubsub-port  where the Pub/Sub server listens; 8085 unless that is taken
${brokerUsage}
  --verbose      prints bodies and every log line of the functions
  --quiet        prints only what was refused or failed
  --inspect      lets debuggers attach to the functions

  GCP_PROJECT_ID names the project of the topics (pulsecart-local unless set); the functions read the rest of their
  configuration from the environment, too. A file .env is read; what the environment has already wins.`;

export const pubsubUsage = `Runs a Pub/Sub server alone, with the topics of all functions and a subscription for each.

  npm run pubsub -- [--port=8085] [--project=demo] [--broker=auto|emulator|embedded]

  --port         where it listens
  --project      the project of the topics; GCP_PROJECT_ID, else demo, unless given
${brokerUsage}`;

const brokers: readonly BrokerChoice[] = ["auto", "emulator", "embedded"];

/**
 * Reads the command line of `npm start`.
 *
 * @param args without the program
 * @returns undefined when help is asked for
 * @throws {UsageError} for an unknown flag or a bad value
 */
export function readOptions(args: readonly string[]): StartOptions | undefined {
  const values = parse(args, "npm start", {
    port: { type: "string", default: "8000" },
    "pubsub-port": { type: "string" },
    broker: { type: "string", default: "auto" },
    verbose: { type: "boolean", short: "v", default: false },
    quiet: { type: "boolean", short: "q", default: false },
    inspect: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  });
  if (values.help) return undefined;
  if (values.verbose && values.quiet) throw new UsageError("--verbose and --quiet exclude each other.");
  const given = values["pubsub-port"];
  return {
    port: toPort("--port", values.port),
    broker: toBroker(values.broker),
    pubsubPort: given === undefined ? undefined : toPort("--pubsub-port", given),
    detail: values.verbose ? "verbose" : values.quiet ? "quiet" : "normal",
    inspect: values.inspect,
  };
}

/**
 * Reads the command line of `npm run pubsub`.
 *
 * @param env where GCP_PROJECT_ID is read from
 * @returns undefined when help is asked for
 * @throws {UsageError} for an unknown flag or a bad value
 */
export function readPubSubOptions(args: readonly string[], env: NodeJS.ProcessEnv): PubSubOptions | undefined {
  const { port, broker, project, help } = parse(args, "npm run pubsub", {
    port: { type: "string", default: "8085" },
    project: { type: "string", default: env.GCP_PROJECT_ID || "demo" },
    broker: { type: "string", default: "auto" },
    help: { type: "boolean", short: "h", default: false },
  });
  if (help) return undefined;
  return { port: toPort("--port", port), broker: toBroker(broker), project };
}

function toPort(flag: string, value: string): number {
  if (/^\d{1,5}$/.test(value) && Number(value) <= 65_535) return Number(value);
  throw new UsageError(`${flag} must be a number from 0 to 65535, not "${value}".`);
}

function toBroker(value: string): BrokerChoice {
  const choice = brokers.find((name) => name === value);
  if (choice) return choice;
  throw new UsageError(`--broker must be one of ${brokers.join(", ")}, not "${value}".`);
}

type Flags = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>["options"]>;

function parse<const TFlags extends Flags>(args: readonly string[], command: string, options: TFlags) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    // Node's own message goes on to explain how to pass a positional argument, of which there are none.
    throw new UsageError(`${String((error as Error).message).split(". ")[0]}. See ${command} -- --help.`);
  }
}
