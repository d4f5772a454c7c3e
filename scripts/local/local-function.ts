import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Domain } from "../../shared/events/domain.ts";
import { findFreePort } from "../common/free-port.ts";
import { spawnFunction } from "../testing/spawn-function.ts";
import { toLocalBundle } from "./local-bundle.ts";

const LOCAL_PROCESS = new URL("local-process.ts", import.meta.url).href;

const START_TIMEOUT_MS = 20_000;
/** A function that ended by itself is started again after so long. */
const RESTART_PAUSE_MS = 500;
/** From the moment that a newer process answers until the older one is told to end: requests on their way have arrived. */
const HAND_OVER_MS = 300;
/** The function itself lets requests in flight end within 9 s; a stack that is ending does not wait as long. */
const STOP_TIMEOUT_MS = 1500;

/** Where a function's process writes to, and what happens to it. */
export interface FunctionOutput {
  /** A line of its stdout or stderr. */
  line(name: string, text: string): void;
  /** What the stack itself has to say of it. */
  note(text: string): void;
}

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
}

/** One function of the local stack: its staged bundle in a functions-framework process, exchanged for newer ones. */
export class LocalFunction {
  readonly #domain: Pick<Domain, "name" | "entryPoint">;
  readonly #output: FunctionOutput;
  readonly #inspectPort: number | undefined;
  readonly #children = new Set<ChildProcess>();
  #current: Running | undefined;
  #bundle: string | undefined;
  #isStopping = false;

  /** @param inspectPort where a debugger can attach; undefined for no debugging */
  constructor(domain: Pick<Domain, "name" | "entryPoint">, output: FunctionOutput, inspectPort?: number) {
    this.#domain = domain;
    this.#output = output;
    this.#inspectPort = inspectPort;
  }

  get name(): string {
    return this.#domain.name;
  }

  /** Port of the process that answers now; undefined while there is none. */
  get port(): number | undefined {
    return this.#current?.port;
  }

  /**
   * Has the staged bundle served, unless that is the case already. The older process serves until the newer one answers,
   * and then ends what it has under way.
   *
   * @param bundle hash of the bundle
   * @param env the process's whole environment
   * @returns whether there is a new process
   * @throws Error with what it wrote when the new process does not come to answer; the older one goes on
   */
  async serve(bundle: string, env: NodeJS.ProcessEnv): Promise<boolean> {
    if (this.#current && this.#bundle === bundle) return false;
    const last = this.#current;
    // Debuggers know one port a function: the older process has to leave it first. Requests wait meanwhile.
    if (last && this.#inspectPort !== undefined) {
      this.#current = undefined;
      await end(last.child);
    }
    const next = await this.#launch(env);
    this.#current = next;
    this.#bundle = bundle;
    const restart = () => this.#onEnd(next, () => this.serve(bundle, env));
    next.child.once("exit", restart);
    if (last) setTimeout(() => last.child.kill("SIGTERM"), HAND_OVER_MS);
    return true;
  }

  /** Ends every process of the function. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all([...this.#children].map(end));
  }

  async #launch(env: NodeJS.ProcessEnv): Promise<Running> {
    const port = await findFreePort();
    const { name, entryPoint } = this.#domain;
    const inspect = this.#inspectPort === undefined ? [] : [`--inspect=127.0.0.1:${this.#inspectPort}`];
    const child = spawnFunction(
      { source: toLocalBundle(name), entryPoint },
      {
        port,
        env,
        execArgv: [...inspect, "--enable-source-maps", "--import", LOCAL_PROCESS],
        stdio: ["ignore", "pipe", "pipe", "ipc"],
        // A process group of its own: Ctrl-C in a terminal is for the stack, which ends its functions in order.
        detached: true,
      },
    );
    this.#children.add(child);
    child.once("exit", () => this.#children.delete(child));
    if (this.#isStopping) child.kill("SIGKILL");
    const errors: string[] = [];
    // Besides log lines, functions-framework writes the address of its private port to stdout: no use to anybody here.
    readLines(child.stdout, (line) => line.startsWith("{") && this.#output.line(name, line));
    readLines(child.stderr, (line) => {
      errors.push(line);
      this.#output.line(name, line);
    });
    await this.#waitUntilAnswering(child, port, errors);
    return { child, port };
  }

  async #waitUntilAnswering(child: ChildProcess, port: number, errors: readonly string[]): Promise<void> {
    for (const end = Date.now() + START_TIMEOUT_MS; Date.now() < end; await sleep(25)) {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`${this.name} ended at its start: ${errors.at(-1) ?? `exit code ${child.exitCode}`}`);
      }
      const response = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
      if (response?.ok) return;
    }
    child.kill("SIGKILL");
    throw new Error(`${this.name} did not answer within ${START_TIMEOUT_MS / 1000} s.`);
  }

  async #onEnd(ended: Running, restart: () => Promise<unknown>): Promise<void> {
    if (this.#current !== ended) return;
    this.#current = undefined;
    if (this.#isStopping) return;
    const { exitCode, signalCode } = ended.child;
    this.#output.note(`${this.name} ended by itself (${signalCode ?? `exit code ${exitCode}`}): starting it again`);
    await sleep(RESTART_PAUSE_MS);
    if (this.#isStopping || this.#current) return;
    await restart().catch((error: Error) => {
      this.#output.note(`${error.message}\n${this.name} stays down until its sources change.`);
    });
  }
}

/** Asks a process to end, and sees that it does. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}

function readLines(stream: Readable | null, onLine: (line: string) => void): void {
  if (stream) createInterface({ input: stream }).on("line", onLine);
}
