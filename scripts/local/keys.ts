import { spawn } from "node:child_process";
import type { Printer } from "./printer.ts";

/** What the keys of a terminal can do. */
export interface KeyActions {
  /** The console's. */
  readonly url: string;
  readonly printer: Printer;
  clear(): void;
  quit(): void;
}

const CTRL_C = "\u0003";

/** Obeys the keys `o`, `c`, `v`, `q` where this process has a terminal. */
export function readKeys({ url, printer, clear, quit }: KeyActions): void {
  const { stdin } = process;
  if (!stdin.isTTY) return;
  printer.note("Keys: o opens the console, c clears it, v shows bodies and logs, q quits.\n");
  const actions: Readonly<Record<string, () => void>> = {
    o: () => open(url),
    c: () => {
      clear();
      printer.note("Cleared.");
    },
    v: () => {
      printer.detail = printer.detail === "verbose" ? "normal" : "verbose";
      printer.note(printer.detail === "verbose" ? "Bodies and logs are shown." : "One line each.");
    },
    q: quit,
    // A terminal that hands over each key sends no signal for this one.
    [CTRL_C]: quit,
  };
  stdin.setRawMode(true).setEncoding("utf8");
  stdin.on("data", (key) => actions[String(key)]?.());
}

function open(url: string): void {
  const [command = "", ...args] =
    process.platform === "darwin" ? ["open"] : process.platform === "win32" ? ["explorer.exe"] : ["xdg-open"];
  spawn(command, [...args, url], { stdio: "ignore", detached: true })
    .on("error", () => console.error(`There is nothing here that opens ${url}.`))
    .unref();
}
