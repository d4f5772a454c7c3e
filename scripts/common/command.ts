import { type ParseArgsOptionsConfig, parseArgs } from "node:util";

/** The command line is not one that the command takes; the message is for the person who typed it. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * Parses a command line strictly.
 *
 * @throws UsageError for an option that is unknown, lacks its value, or may not have one
 */
export function readArguments<const TOptions extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: TOptions,
  allowPositionals: boolean,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals, allowNegative: true, strict: true });
  } catch (error) {
    // Node's message goes on with advice about positional arguments, which does not apply to these commands.
    const [sentence] = (error as Error).message.split(/\. |\n/);
    throw new UsageError(`${sentence}; see --help`);
  }
}

/**
 * Reads an option that must be a whole number.
 *
 * @throws UsageError where it is not one, or is less than `atLeast`
 */
export function readCount(name: string, value: string, atLeast: number): number {
  if (!/^\d+$/.test(value) || Number(value) < atLeast) {
    throw new UsageError(`--${name} must be a whole number from ${atLeast}, not ${JSON.stringify(value)}`);
  }
  return Number(value);
}

/**
 * Runs a command with this process's arguments and ends with its exit code; a usage error is one line, and code 2.
 *
 * @param command takes the arguments and returns the exit code
 */
export async function runCommand(command: (args: readonly string[]) => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}
