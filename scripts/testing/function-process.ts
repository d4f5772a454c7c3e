import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { domains } from "../../shared/events/registry.ts";
import { toStagedFolder } from "../build/build-function.ts";
import { findFreePort } from "./free-port.ts";

const FRAMEWORK = fileURLToPath(new URL("../../node_modules/.bin/functions-framework", import.meta.url));
const START_TIMEOUT_MS = 20_000;

export type FunctionName = keyof typeof domains;

/** How a function is started; what is not given is as a test wants it. */
export interface FunctionOptions {
  /** Pub/Sub server, `host:port`. */
  readonly endpoint: string;
  readonly project: string;
  /** Further environment, over the test's own. */
  readonly env?: Readonly<Record<string, string>>;
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
  const port = await findFreePort();
  const child = spawnFunction(name, port, {
    GCP_PROJECT_ID: options.project,
    PUBSUB_EMULATOR_HOST: options.endpoint,
    ...options.env,
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

/**
 * Spawns functions-framework on a staged function, as the platform does.
 *
 * @param env the environment besides PATH; the caller's own does not reach the process
 */
export function spawnFunction(name: FunctionName, port: number, env: Readonly<Record<string, string>>): ChildProcess {
  const { entryPoint } = domains[name];
  const args = [FRAMEWORK, `--source=${toStagedFolder(name)}`, `--target=${entryPoint}`, `--port=${port}`];
  return spawn(process.execPath, args, {
    env: { PATH: process.env.PATH, NODE_ENV: "production", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
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
