import { UsageError } from "./options.ts";

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
