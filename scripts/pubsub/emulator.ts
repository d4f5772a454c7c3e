import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { Client, credentials } from "@grpc/grpc-js";
import { findFreePort } from "../common/free-port.ts";
import { callUnary } from "./client.ts";
import { publisherMethods } from "./protocol.ts";

/**
 * Waits until a Pub/Sub server answers a call.
 *
 * @param endpoint `host:port`
 * @param signal ends the wait, so that nothing of it is left
 * @throws ServiceError DEADLINE_EXCEEDED when none has after `timeoutMs`
 */
export async function waitUntilAnswering(endpoint: string, timeoutMs: number, signal?: AbortSignal): Promise<void> {
  const client = new Client(endpoint, credentials.createInsecure(), {
    "grpc.enable_http_proxy": 0,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 500,
  });
  signal?.addEventListener("abort", () => client.close());
  try {
    const request = { project: "projects/is-anybody-there" };
    await callUnary(client, publisherMethods.ListTopics, request, { timeoutMs, waitForReady: true });
  } finally {
    client.close();
  }
}

/** A running emulator; `close` ends it, as does the end of this process. */
export interface RunningEmulator {
  /** `host:port`, as for PUBSUB_EMULATOR_HOST. */
  readonly endpoint: string;
  close(): Promise<void>;
}

const startTimeoutMs = 60_000;

const whatToDo = "To see why, run `gcloud beta emulators pubsub start`.";

// Started directly, not through gcloud, which would put a Python process in between. The emulator's start script replaces
// itself with java, so the child is the emulator. It does not watch its parent: a second process waits for the pipe from
// there to close, which happens however the parent ends, even by SIGKILL, and then kills it.
const startWithWatch = 'exec 3<&0; (cat <&3 >/dev/null; kill -9 $$) & exec "$0" "$@" </dev/null 3<&-';

/**
 * Looks for the official emulator on this machine: in the SDK of the `gcloud` on the PATH, with a `java` beside it.
 *
 * @returns the path of its start script, or undefined when something is missing
 */
export function findEmulator(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const gcloud = findOnPath("gcloud", env);
  if (gcloud === undefined || findOnPath("java", env) === undefined) return undefined;
  const sdk = join(dirname(realpathSync(gcloud)), "..");
  const script = join(sdk, "platform/pubsub-emulator/bin/cloud-pubsub-emulator");
  return existsSync(script) ? script : undefined;
}

/**
 * Starts the official emulator and waits until it answers, which takes about two seconds.
 *
 * @param wantedPort 0 takes a free one
 * @throws Error of one line when the emulator is not on this machine, ends at once or does not answer within a minute
 */
export async function startEmulator(env: NodeJS.ProcessEnv = process.env, wantedPort = 0): Promise<RunningEmulator> {
  const script = findEmulator(env);
  if (script === undefined) {
    throw new Error(
      "The official Pub/Sub emulator is not on this machine: it needs gcloud with its emulator, and java.",
    );
  }
  const port = await findFreePort(wantedPort);
  const endpoint = `127.0.0.1:${port}`;
  const child = spawn("sh", ["-c", startWithWatch, script, "--host=127.0.0.1", `--port=${port}`], {
    env,
    stdio: ["pipe", "ignore", "ignore"],
    // A group of its own: Ctrl-C in a terminal is for the parent, which may still have messages to deliver.
    detached: true,
  });
  const exit = once(child, "exit");
  const ended = new AbortController();
  child.once("exit", () => ended.abort());
  const endedEarly = exit.then(([code]) => {
    throw new Error(`The official Pub/Sub emulator ended at its start, with exit code ${code}. ${whatToDo}`);
  });
  async function close(): Promise<void> {
    child.stdin.destroy();
    await exit;
  }
  try {
    await Promise.race([waitUntilAnswering(endpoint, startTimeoutMs, ended.signal).catch(throwSilent), endedEarly]);
  } catch (error) {
    await close();
    throw error;
  }
  return { endpoint, close };
}

function throwSilent(): never {
  throw new Error(`The official Pub/Sub emulator did not answer within ${startTimeoutMs / 1000} s. ${whatToDo}`);
}

function findOnPath(program: string, { PATH = "" }: NodeJS.ProcessEnv): string | undefined {
  return PATH.split(delimiter)
    .map((folder) => join(folder, program))
    .find((path) => existsSync(path));
}
