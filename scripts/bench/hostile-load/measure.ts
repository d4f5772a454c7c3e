import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { startPublishProxy } from "../../pubsub/publish-proxy.ts";
import { buildCommerce } from "../../testing/enforced-function.ts";
import { type FunctionProcess, startFunction } from "../../testing/function-process.ts";
import { startTcpProxy } from "../../testing/tcp-proxy.ts";
import { startBrokerProcess } from "../processes/broker.ts";
import { events, toPieces } from "./bodies.ts";
import { type HostileCase, sendRaw } from "./cases.ts";
import type { SmallCalls } from "./small-callers.ts";

const PROJECT = "hostile-load";
const JUDGED = fileURLToPath(new URL("../../testing/judged-domain.ts", import.meta.url));
const STALLS = new URL("report-stalls.ts", import.meta.url).href;

/** What the platform sets in an instance of 512 MiB: 80 % of it for V8's heap. */
const env = { NODE_OPTIONS: "--max-old-space-size=410" };

/** What a case did to an instance. */
export interface HostileResult {
  readonly peakMiB: number;
  /** How often each status was answered. */
  readonly statuses: Readonly<Record<string, number>>;
  /** How long the function's thread was held at most. */
  readonly longestStallMs: number;
}

/** Runs a case against a function of its own. */
export async function measureHostileCase({ pubsub, send, isJudged }: HostileCase): Promise<HostileResult> {
  const built = isJudged && (await buildCommerce(JUDGED));
  const broker = await startBrokerProcess(PROJECT);
  const silent = pubsub === "does not read" ? await startTcpProxy(broker.endpoint) : undefined;
  const hanging = pubsub === "hangs" ? await startHanging(broker.endpoint) : undefined;
  const { endpoint } = silent ?? hanging ?? broker;
  const options = { endpoint, project: PROJECT, env, execArgv: ["--import", STALLS] };
  const running = await startFunction("commerce", { ...options, ...(built && { source: built.source }) });
  try {
    silent?.blackhole({ includingNew: true });
    await readLongestStall(running);
    const statuses = await send(running.port);
    const longestStallMs = await readLongestStall(running);
    return { peakMiB: await running.peakMemoryMiB(), statuses: countBy(statuses), longestStallMs };
  } finally {
    await running.stop("SIGKILL");
    await silent?.close();
    await hanging?.close();
    await broker.close();
    await built?.remove();
  }
}

function startHanging(endpoint: string) {
  return startPublishProxy(
    endpoint,
    () => ({ kind: "hang" }),
    () => {},
  );
}

/** What became of small events while large ones had the instance busy. */
export interface BesideResult {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly small: number;
  readonly large: Readonly<Record<string, number>>;
}

/** Has 70 callers send events of 8.9 MiB, one after the other, and 10 others small ones. */
export async function measureSmallBesideLarge(forMs: number): Promise<BesideResult> {
  const broker = await startBrokerProcess(PROJECT);
  const running = await startFunction("commerce", { endpoint: broker.endpoint, project: PROJECT, env });
  try {
    const end = performance.now() + forMs;
    const toBody = events();
    const statuses: number[] = [];
    const sendLarge = async (caller: number) => {
      while (performance.now() < end) {
        statuses.push(...(await sendRaw(running.port, { pieces: toPieces(toBody(caller)) })));
      }
    };
    const large = Promise.all(Array.from({ length: 70 }, (_, caller) => sendLarge(caller)));
    const workerData: SmallCalls = { port: running.port, forMs };
    const worker = new Worker(new URL("small-callers.ts", import.meta.url), { workerData });
    const [latencies] = (await once(worker, "message")) as [number[]];
    await large;
    const sorted = latencies.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
    return { p50Ms: at(0.5), p99Ms: at(0.99), small: sorted.length, large: countBy(statuses) };
  } finally {
    await running.stop("SIGKILL");
    await broker.close();
  }
}

/** @returns how long the function's thread was held at most since this was last asked */
async function readLongestStall({ pid, logs }: FunctionProcess): Promise<number> {
  const seen = logs.length;
  process.kill(pid, "SIGUSR2");
  for (let tries = 0; tries < 400; tries++) {
    for (const { longestStallMs } of logs.slice(seen)) if (typeof longestStallMs === "number") return longestStallMs;
    await sleep(25);
  }
  throw new Error("The function did not say how long its thread was held.");
}

function countBy(statuses: readonly number[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
