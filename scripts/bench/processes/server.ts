import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { findFreePort } from "../../testing/free-port.ts";
import { type Memory, readCpuSeconds, readMemory } from "./usage.ts";

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
  readonly env?: Readonly<Record<string, string>>;
  /** What stands before `node`, such as a tracer with its arguments. */
  readonly wrapper?: readonly string[];
}

/**
 * Starts `node` with these arguments, in the environment that the platform sets and no other, and waits until it takes a
 * connection.
 *
 * @throws Error when it ends, or takes none within 20 s
 */
export async function startServer(args: readonly string[], options: ServerOptions): Promise<ServerProcess> {
  const port = await findFreePort();
  const [program = process.execPath, ...rest] = [...(options.wrapper ?? []), process.execPath, ...args];
  const spawnedAt = performance.now();
  const child = spawn(program, rest, {
    env: {
      PATH: process.env.PATH,
      NODE_ENV: "production",
      PORT: String(port),
      GCP_PROJECT_ID: options.project,
      GOOGLE_CLOUD_PROJECT: options.project,
      PUBSUB_EMULATOR_HOST: options.endpoint,
      // Away from Google Cloud the client of some contenders would look for a metadata server for up to 100 ms.
      METADATA_SERVER_DETECTION: "none",
      ...options.env,
    },
    // A pipe that somebody reads, as on the platform.
    stdio: ["ignore", "pipe", "inherit"],
  });
  child.stdout.resume();
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
