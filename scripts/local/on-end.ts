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
