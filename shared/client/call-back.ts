import { toReason } from "./errors.ts";

/** Calls a function of the caller's. Where it fails, that is a line on stderr: it is no reason to stop sending. */
export async function callBack(call: () => unknown): Promise<void> {
  try {
    await call();
  } catch (error) {
    printError(error);
  }
}

/** Writes an error in one line. */
export function printError(error: unknown): void {
  console.error(`@pulsecart/events: ${toReason(error).replaceAll(/\s+/g, " ")}`);
}
