import { parseArgs } from "node:util";
import { UsageError } from "../common/command.ts";
import type { BrokerChoice } from "../pubsub/broker.ts";

/** What `npm start` was asked for. */
export interface StartOptions {
  /** Port of the front; 0 takes a free one. */
  readonly port: number;
  readonly broker: BrokerChoice;
}

export const usage = `Runs the whole producer on this machine: a Pub/Sub server, the three functions, and one front for them.

  npm start -- [--port=8000] [--broker=auto|emulator|embedded]

  --port      where the front listens
  --broker    the Pub/Sub server: "emulator" insists on Google's, "embedded" on the one built in here;
              "auto" takes the one at PUBSUB_EMULATOR_HOST if that is set, else the emulator if this machine has it,
              else the embedded one

  GCP_PROJECT_ID names the project of the topics (pulsecart-local unless set); the functions read the rest of their
  configuration from the environment, too.`;

const brokers: readonly BrokerChoice[] = ["auto", "emulator", "embedded"];

/**
 * Reads the command line.
 *
 * @param args without the program
 * @returns undefined when help is asked for
 * @throws {UsageError} for an unknown flag or a bad value
 */
export function readOptions(args: readonly string[]): StartOptions | undefined {
  const { port, broker, help } = parse(args);
  if (help) return undefined;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new UsageError(`--port must be a number from 0 to 65535, not "${port}".`);
  }
  const choice = brokers.find((name) => name === broker);
  if (!choice) throw new UsageError(`--broker must be one of ${brokers.join(", ")}, not "${broker}".`);
  return { port: Number(port), broker: choice };
}

function parse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        port: { type: "string", default: "8000" },
        broker: { type: "string", default: "auto" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    return values;
  } catch (error) {
    // Node's own message goes on to explain how to pass a positional argument, of which there are none.
    throw new UsageError(`${String((error as Error).message).split(". ")[0]}. See npm start -- --help.`);
  }
}
