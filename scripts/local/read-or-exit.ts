import { UsageError } from "../common/command.ts";

/**
 * Reads the command line of this process; ends it where help is asked for, or where it cannot be understood.
 *
 * @param read throws {@link UsageError}; returns undefined when help is asked for
 */
export function readOrExit<T>(read: (args: readonly string[]) => T | undefined, usage: string): T {
  try {
    const given = read(process.argv.slice(2));
    if (given !== undefined) return given;
    console.log(usage);
    process.exit(0);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}
