import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { cp, mkdtemp, readdir, readFile, readlink, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const sources = ["functions", "shared", "scripts", "package.json", "package-lock.json"];

const START_TIMEOUT_MS = 90_000;
const WAIT_MS = 40_000;

/** `npm start` as a user's terminal runs it. */
export interface StartedStack {
  readonly url: string;
  /** All that it has written so far. */
  output(): string;
  /** Waits until the output, from an offset on, holds this. @throws Error with that output when it does not in time */
  waitForOutput(pattern: RegExp, from?: number): Promise<RegExpExecArray>;
  /** Sends a signal to the terminal's process group (Ctrl-C) or to npm alone, and waits for the end. @returns exit code */
  end(signal?: NodeJS.Signals, target?: "terminal" | "npm"): Promise<number | null>;
  /** Processes of the stack that are running: their ids by command line. */
  processes(): Promise<ReadonlyMap<number, string>>;
}

/** The stack that the tests of a file share. */
export interface SharedStack {
  /** What it runs from. */
  folder: string;
  /** May be replaced by another one from the same folder. */
  stack: StartedStack;
}

/**
 * Runs a stack for the tests of a file, from a copy of what `npm start` needs: tests may change sources, whoever edits
 * the project meanwhile does not rebuild what is tested, and several run side by side.
 *
 * @returns what is there once the tests begin
 */
export function useStack(args: readonly string[], env: Readonly<Record<string, string>> = {}): SharedStack {
  const shared = {} as SharedStack;
  beforeAll(async () => {
    shared.folder = await mkdtemp(join(tmpdir(), "pulsecart-start-"));
    await Promise.all(sources.map((name) => cp(join(root, name), join(shared.folder, name), { recursive: true })));
    await symlink(join(root, "node_modules"), join(shared.folder, "node_modules"));
    shared.stack = await startStack(shared.folder, args, env);
  }, 120_000);
  afterAll(async () => {
    await shared.stack?.end();
    await rm(shared.folder, { recursive: true, force: true });
  });
  return shared;
}

/** Runs `npm start` to its end. */
export async function runStart(folder: string, args: readonly string[]) {
  const child = spawnStart(folder, args, {});
  const output = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk) => {
    output.stdout += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    output.stderr += chunk;
  });
  const [code] = await once(child, "close");
  return { code: code as number, ...output };
}

/**
 * Runs `npm start` and waits until it says that it is up.
 *
 * @param args flags; a free port is taken unless they name one
 * @throws Error with its output when it ends or stays silent instead
 */
export async function startStack(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<StartedStack> {
  const mark = `STARTED_BY_TEST=${randomUUID()}`;
  const child = spawnStart(folder, ["--port=0", "--pubsub-port=0", ...args], {
    ...env,
    STARTED_BY_TEST: mark.split("=")[1] as string,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk) => {
      output += chunk;
    });
  }
  const ended = once(child, "exit");

  async function waitForOutput(pattern: RegExp, from = 0, timeoutMs = WAIT_MS): Promise<RegExpExecArray> {
    for (const end = Date.now() + timeoutMs; Date.now() < end; await sleep(25)) {
      const found = pattern.exec(output.slice(from));
      if (found) return found;
      if (child.exitCode !== null) break;
    }
    throw new Error(`npm start did not write ${pattern}, but: ${output.slice(from)}`);
  }

  const stack = {
    output: () => output,
    waitForOutput,
    async end(signal: NodeJS.Signals = "SIGINT", target = "terminal") {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
        process.kill(target === "terminal" ? -child.pid : child.pid, signal);
      }
      await ended;
      return child.exitCode;
    },
    processes: () => findMarked(mark),
  } as const;
  try {
    const [, url = ""] = await waitForOutput(/is up at (http:\/\/localhost:\d+)/, 0, START_TIMEOUT_MS);
    return { ...stack, url };
  } catch (error) {
    await stack.end("SIGKILL");
    throw error;
  }
}

/** Waits until a condition holds, which a test states because it takes the stack a moment. */
export async function waitUntil(condition: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + WAIT_MS; Date.now() < end; await sleep(50)) {
    if (await condition()) return;
  }
  throw new Error(`It did not come about that ${what}.`);
}

function spawnStart(folder: string, args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  const { PUBSUB_EMULATOR_HOST: _, GCP_PROJECT_ID: __, ...inherited } = process.env;
  return spawn("npm", ["start", "--silent", "--", ...args], {
    cwd: folder,
    env: { ...inherited, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    // The group that a terminal would signal.
    detached: true,
  });
}

/** @returns where these processes listen for connections: addresses as Linux writes them in /proc/net/tcp */
export async function listListening(pids: readonly number[]): Promise<string[]> {
  const inodes = new Set<string>();
  for (const pid of pids) {
    for (const fd of await readdir(`/proc/${pid}/fd`)) {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(await readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")) ?? [];
      if (inode) inodes.add(inode);
    }
  }
  const tables = await Promise.all(["tcp", "tcp6"].map((name) => readFile(`/proc/net/${name}`, "utf8")));
  return tables
    .flatMap((table) => table.trim().split("\n").slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === "0A" && inodes.has(inode ?? ""))
    .map(([, address = ""]) => address.split(":")[0] ?? "");
}

/** Children inherit the environment: whatever has the mark in it was started by the stack, however it is related now. */
async function findMarked(mark: string): Promise<ReadonlyMap<number, string>> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      try {
        const environment = await readFile(`/proc/${pid}/environ`, "utf8");
        if (!environment.split("\0").includes(mark)) return undefined;
        const command = await readFile(`/proc/${pid}/cmdline`, "utf8");
        // Whether npm's shell stays beside what it runs depends on the shell.
        return command.startsWith("sh\0-c\0") ? undefined : ([Number(pid), command.replaceAll("\0", " ")] as const);
      } catch {
        return undefined;
      }
    }),
  );
  return new Map(found.filter((entry) => entry !== undefined));
}
