import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { findFreePort } from "../../common/free-port.ts";
import {
  type NodeProcessOptions,
  spawnFunction,
  spawnNode,
  toFrameworkArguments,
} from "../../testing/spawn-function.ts";
import type { Program } from "../contenders.ts";

/** Clock ticks a second in `/proc`: fixed at 100 for user space on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** @returns CPU seconds, user and system, that all threads of a process have used so far */
async function readCpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // The second field, the name, may hold spaces; after it comes the third. User and system time are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Resident memory of a process in MiB. */
interface Memory {
  readonly rssMiB: number;
  /** The most that it ever had. */
  readonly peakMiB: number;
}

async function readMemory(pid: number): Promise<Memory> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const read = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1024;
  return { rssMiB: read("VmRSS"), peakMiB: read("VmHWM") };
}

const START_TIMEOUT_MS = 20_000;

/** A contender's process that takes connections. */
export interface ServerProcess {
  readonly port: number;
  readonly pid: number;
  /** `performance.now()` when it was spawned. */
  readonly spawnedAt: number;
  cpuSeconds(): Promise<number>;
  memory(): Promise<Memory>;
  stop(): Promise<void>;
}

/** How a process is started; see `startServer`. */
export interface ServerOptions {
  /** Pub/Sub server, `host:port`. */
  readonly endpoint: string;
  readonly project: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly execArgv?: readonly string[];
  /** Takes what the process says over a channel of its own; without it there is no such channel. */
  onMessage?(message: unknown): void;
  /** What stands before `node`, such as a tracer with its arguments. */
  readonly wrapper?: readonly string[];
}

/**
 * Starts a program in the environment that the platform sets and no other, and waits until it takes a connection.
 *
 * @throws Error when it ends, or takes none within 20 s
 */
export async function startServer(program: Program, options: ServerOptions): Promise<ServerProcess> {
  const port = await findFreePort();
  const spawnedAt = performance.now();
  const child = spawnProgram(program, {
    port,
    wrapper: options.wrapper ?? [],
    execArgv: options.execArgv ?? [],
    env: {
      GCP_PROJECT_ID: options.project,
      GOOGLE_CLOUD_PROJECT: options.project,
      PUBSUB_EMULATOR_HOST: options.endpoint,
      // Away from Google Cloud the client of some contenders would look for a metadata server for up to 100 ms.
      METADATA_SERVER_DETECTION: "none",
      ...options.env,
    },
    // A pipe that somebody reads, as on the platform.
    stdio: ["ignore", "pipe", "inherit", ...(options.onMessage ? ["ipc" as const] : [])],
  });
  if (options.onMessage) child.on("message", options.onMessage);
  child.stdout?.resume();
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  await waitUntilConnectable(child, port);
  const pid = child.pid as number;
  return {
    port,
    pid,
    spawnedAt,
    cpuSeconds: () => readCpuSeconds(pid),
    memory: () => readMemory(pid),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, "exit");
      kill();
      await exit;
    },
  };
}

function spawnProgram(program: Program, options: NodeProcessOptions): ChildProcess {
  if ("ours" in program) return spawnFunction(program.ours, options);
  const { other } = program;
  return spawnNode(typeof other === "string" ? [other] : toFrameworkArguments(other), options);
}

async function waitUntilConnectable(child: ChildProcess, port: number): Promise<void> {
  for (const end = Date.now() + START_TIMEOUT_MS; Date.now() < end; await sleep(1)) {
    if (child.exitCode !== null) throw new Error(`A contender ended with ${child.exitCode} at its start.`);
    if (await isConnectable(port)) return;
  }
  child.kill("SIGKILL");
  throw new Error(`A contender took no connection within ${START_TIMEOUT_MS} ms.`);
}

function isConnectable(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
