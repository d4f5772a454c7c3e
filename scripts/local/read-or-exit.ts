import { UsageError } from "../common/command.ts";

const PARENT_CHECK_MS = 250;

/**
 * Calls back when this process shall end: at a signal, and where its parent has ended. npm runs a command by a shell, which passes
 * no signal on.
 *
 * @param end may be called more than once: Ctrl-C arrives twice under npm, from the terminal and passed on by npm
 */
export function onEnd(end: () => void): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || end(), PARENT_CHECK_MS).unref();
}

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
