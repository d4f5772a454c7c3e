import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { RequestShape } from "./requests.ts";

/** What the generator's process is told. */
export type LoadCommand =
  | { readonly open: number; readonly port: number }
  | { readonly shape: RequestShape; readonly requests: number }
  | { readonly shape: RequestShape; readonly ms: number };

/** What it answers. */
export type LoadReport = { readonly opened: true } | { readonly result: LoadResult } | { readonly failed: string };

/** What a run of requests looked like from outside. */
export interface LoadResult {
  readonly answered: number;
  readonly elapsedMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** How many answers were not 202, by their status. */
  readonly refused: Readonly<Record<number, number>>;
}

/** A load generator in a process of its own. */
export class Load {
  readonly #process: ChildProcess = fork(fileURLToPath(new URL("generate.ts", import.meta.url)));
  readonly #ended = once(this.#process, "exit").then((): [LoadReport] => [{ failed: "The load generator ended." }]);

  /** Closes the connections there are, and opens so many to a server. */
  async open(port: number, connections: number): Promise<void> {
    await this.#ask({ open: connections, port });
  }

  /**
   * Sends requests over the open connections, one at a time over each.
   *
   * @throws Error when a connection breaks, or an answer is not 202: such a run measures something else
   */
  run(shape: RequestShape, requests: number): Promise<LoadResult> {
    return this.#run({ shape, requests });
  }

  /** The same for so many milliseconds. @returns how many requests were answered */
  async runFor(shape: RequestShape, ms: number): Promise<number> {
    return (await this.#run({ shape, ms })).answered;
  }

  async #run(command: LoadCommand): Promise<LoadResult> {
    const report = await this.#ask(command);
    if (!("result" in report)) throw new Error("The load generator answered out of turn.");
    const { refused } = report.result;
    if (Object.keys(refused).length > 0) throw new Error(`Answers other than 202: ${JSON.stringify(refused)}.`);
    return report.result;
  }

  close(): void {
    this.#process.disconnect();
  }

  async #ask(command: LoadCommand): Promise<LoadReport> {
    this.#process.send(command);
    const [report] = (await Promise.race([once(this.#process, "message"), this.#ended])) as [LoadReport];
    if ("failed" in report) throw new Error(report.failed);
    return report;
  }
}
