import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { FunctionName } from "../../shared/events/registry.ts";
import { findFreePort } from "../common/free-port.ts";
import { type NodeProcessOptions, spawnFunction, toStagedTarget } from "./spawn-function.ts";

const START_TIMEOUT_MS = 20_000;
const MAX_ATTEMPTS = 3;

/** How a function is started; what is not given is as a test wants it. */
export interface FunctionOptions extends Pick<NodeProcessOptions, "node" | "execArgv"> {
  /** Pub/Sub server, `host:port`. */
  readonly endpoint: string;
  readonly project: string;
  /** Further environment, over the test's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** The folder that is run, where it is not the staged one. */
  readonly source?: string;
}

/** One staged function in a real functions-framework process of its own. */
export interface FunctionProcess {
  /** `http://127.0.0.1:port`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** What it wrote to stdout as JSON, line by line. */
  readonly logs: readonly Readonly<Record<string, unknown>>[];
  /** All that it wrote to stderr. */
  stderr(): string;
  /** Whether anybody reads its stdout: from the start, until this says otherwise. */
  setReading(isReading: boolean): void;
  /** The most resident memory that it has had, in MiB, as the operating system counts it. */
  peakMemoryMiB(): Promise<number>;
  /** Sends a signal and waits for the end. @returns the exit code, or the signal that killed it */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

/**
 * Starts a staged function (`npm run build` has been run) and waits until it answers.
 *
 * @throws Error with what it wrote when it ends or stays silent instead
 */
export async function startFunction(name: FunctionName, options: FunctionOptions): Promise<FunctionProcess> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(name, options);
    } catch (error) {
      // Somebody else has taken the port since it was found free.
      if (attempt === MAX_ATTEMPTS || !String(error).includes("EADDRINUSE")) throw error;
    }
  }
}

async function startOnce(name: FunctionName, options: FunctionOptions): Promise<FunctionProcess> {
  const port = await findFreePort();
  const { endpoint, project, env, source, ...node } = options;
  const target = toStagedTarget(name);
  const child = spawnFunction(source === undefined ? target : { ...target, source }, {
    ...node,
    port,
    env: { GCP_PROJECT_ID: project, PUBSUB_EMULATOR_HOST: endpoint, ...env },
  });
  const logs: Record<string, unknown>[] = [];
  let stderr = "";
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
    if (line.startsWith("{")) logs.push(JSON.parse(line));
  });
  child.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  const running: FunctionProcess = {
    url: `http://127.0.0.1:${port}`,
    port,
    pid: child.pid as number,
    logs,
    stderr: () => stderr,
    setReading(isReading) {
      if (isReading) child.stdout?.resume();
      else child.stdout?.pause();
    },
    async peakMemoryMiB() {
      const status = await readFile(`/proc/${child.pid}/status`, "utf8");
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
    },
    async stop(signal = "SIGTERM") {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, "exit");
        child.kill(signal);
        await exited;
      }
      return child.exitCode ?? (child.signalCode as NodeJS.Signals);
    },
  };
  await waitUntilHealthy(running, child);
  return running;
}

async function waitUntilHealthy(running: FunctionProcess, child: ChildProcess): Promise<void> {
  for (const end = Date.now() + START_TIMEOUT_MS; Date.now() < end; await sleep(25)) {
    if (child.exitCode !== null) throw new Error(`The function ended with ${child.exitCode}: ${running.stderr()}`);
    const response = await fetch(`${running.url}/health`).catch(() => undefined);
    if (response?.ok) return;
  }
  child.kill("SIGKILL");
  throw new Error(`The function did not answer within ${START_TIMEOUT_MS} ms: ${running.stderr()}`);
}
