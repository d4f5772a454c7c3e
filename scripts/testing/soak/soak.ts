import { status } from "@grpc/grpc-js";
import { runBuild } from "../../build/run-build.ts";
import { readArguments, readCount, runCommand } from "../../common/command.ts";
import { isClean, printBalance } from "./ledger.ts";
import { runSoak, type SoakReport } from "./run-soak.ts";
import { Random } from "./schedules/random.ts";
import { runSchedule, type ScheduleReport } from "./schedules/run-schedule.ts";
import { drawSchedule, type Step } from "./schedules/schedule.ts";

/** More than the function's budget and a restart together, on a machine that does other things. */
const SETTLE_MS = 30_000;
const USERS = 8;

/**
 * Runs schedules one after the other, each from the next seed.
 *
 * @param count how many
 * @param firstSeed of the first
 * @param seconds for which callers send in each
 * @returns the exit code: 1 when a bad column of any is not 0
 */
async function soakSchedules(count: number, firstSeed: number, seconds: number): Promise<number> {
  const failed: number[] = [];
  for (let i = 0; i < count; i++) {
    const seed = firstSeed + i;
    const random = new Random(seed);
    const steps = drawSchedule(random, seconds * 1000);
    const report = await runSchedule({
      ...{ random, steps, durationMs: seconds * 1000 },
      ...{ settleMs: SETTLE_MS, users: USERS },
    }).catch((error: Error) => error);
    const isFailed = report instanceof Error || !isClean(report);
    console.log(`${i + 1}/${count} seed ${seed}: ${report instanceof Error ? report.message : printBalance(report)}`);
    if (!isFailed) continue;
    failed.push(seed);
    console.error(`  ${steps.map(toText).join("\n  ")}`);
    if (!(report instanceof Error)) for (const finding of report.findings.slice(0, 10)) console.error(`  ${finding}`);
  }
  console.log(failed.length === 0 ? `${count} of ${count} clean` : `Not clean: seeds ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
}

function toText({ atMs, name }: Step): string {
  return `${String(atMs).padStart(5)} ms  ${name}`;
}

const CLIENT_SETTLE_MS = 60_000;

/** How often the function is killed, and how: in turn with and without a word before. */
const RESTART_MS = 4000;

const TOKEN_LIFE_MS = 1500;

/**
 * Callers send through the staged client to two functions while Pub/Sub fails one call in five, one function is killed and
 * restarted, and tokens expire; at the end a sender is closed in an outage.
 *
 * @returns the exit code: 1 when a bad column is not 0
 */
async function soakClient(seconds: number, seed: number): Promise<number> {
  console.error(`Sending for ${seconds} s, seed ${seed} …`);
  const startedAt = performance.now();
  const progress = setInterval(() => {
    const elapsed = (performance.now() - startedAt) / 1000;
    const doing = elapsed < seconds ? `of ${seconds} s` : "s: waiting until all is settled";
    console.error(`${elapsed.toFixed(0)} ${doing}`);
  }, 5000);
  const report = await runClientSoak(seconds, seed).finally(() => clearInterval(progress));
  console.log(printBalance(report));
  for (const finding of report.findings.slice(0, 10)) console.error(finding);
  return isClean(report) ? 0 : 1;
}

/** The same without a word to the terminal. */
export function runClientSoak(seconds: number, seed: number): Promise<ScheduleReport> {
  const durationMs = seconds * 1000;
  const restarts = Array.from({ length: Math.max(1, Math.floor(durationMs / RESTART_MS)) }, (_, i): Step => {
    const signal = i % 2 === 0 ? "SIGKILL" : "SIGTERM";
    return { atMs: (i + 0.5) * RESTART_MS, name: signal, act: ({ running }) => running.restart(signal) };
  });
  return runSchedule({
    random: new Random(seed),
    steps: [{ atMs: 0, name: "one call in five fails", act: failOneInFive }, ...restarts].filter(
      ({ atMs }) => atMs < durationMs,
    ),
    ...{ durationMs, settleMs: CLIENT_SETTLE_MS, users: 20, client: { tokenLifeMs: TOKEN_LIFE_MS } },
  });
}

const failOneInFive: Step["act"] = ({ faults }) => {
  faults.every(10, { kind: "error", code: status.UNAVAILABLE });
  faults.every(15, { kind: "lost-answer", caller: "unavailable" });
  faults.every(30, { kind: "error", code: status.RESOURCE_EXHAUSTED });
  faults.every(500, { kind: "hang" });
};

/** From one line of progress to the next. */
const PROGRESS_MS = 5000;

/**
 * 200 connections of callers who insist, in front of a Pub/Sub that fails one call in five.
 *
 * @returns the exit code: 1 when anything was lost, altered, out of order, or refused without `retryable`
 */
async function soakLoad(seconds: number): Promise<number> {
  const startedAt = performance.now();
  let answers = 0;
  const progress = setInterval(() => {
    const elapsed = ((performance.now() - startedAt) / 1000).toFixed(0);
    console.error(`${elapsed} of ${seconds} s: ${answers} answers`);
  }, PROGRESS_MS);
  const report = await runSoak({
    connections: 200,
    usersPerConnection: 50,
    maxRequests: Number.POSITIVE_INFINITY,
    maxMs: seconds * 1000,
    outageEvery: 20_000,
    onProgress: (sent) => {
      answers = sent;
    },
  }).finally(() => clearInterval(progress));
  return printReport(report);
}

/** @returns the exit code */
function printReport(report: SoakReport): number {
  const faults = {
    lost: report.lost,
    altered: report.altered,
    "out of order": report.outOfOrder,
    "refused for good": report.others.length,
  };
  console.table({
    "sent (attempts)": report.sent,
    "sent (events)": report.events,
    accepted: report.accepted,
    arrived: report.arrived,
    ...faults,
    "delivered twice": report.duplicates,
    "asked to retry": [...report.retryable].map(([code, count]) => `${count} ${code}`).join(", "),
    "peak memory": `${report.peakMiB.toFixed(0)} MiB`,
  });
  for (const answer of report.others.slice(0, 5)) console.error(answer);
  for (const line of report.errors.slice(0, 5)) console.error(line);
  process.stderr.write(report.stderr);
  return Object.values(faults).every((count) => count === 0) ? 0 : 1;
}

const usage = `Usage: npm run soak -- [options]

Has callers send events to a built function while things go wrong, and keeps account of each. Ends with 1 when anything was
lost, altered, out of order, given up wrongly, or never settled.

  (no options)     200 connections of callers who insist, in front of a Pub/Sub that fails one call in five
  --client         callers send through @pulsecart/events; Pub/Sub fails one call in five, the function is killed and
                   restarted, tokens expire
  --schedules K    K schedules one after the other: random faults of Pub/Sub, of the network, and signals
  --seed N         of the first schedule, the next ones count on from there; also of --client (default: random, printed)
  --seconds N      how long callers send (default: 60; in each schedule 3)
  --help           print this
`;

const options = {
  client: { type: "boolean", default: false },
  schedules: { type: "string" },
  seed: { type: "string" },
  seconds: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

async function main(args: readonly string[]): Promise<number> {
  const { values } = readArguments(args, options, false);
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const isSchedules = !values.client && (values.schedules !== undefined || values.seed !== undefined);
  const seconds = readCount("seconds", values.seconds ?? (isSchedules ? "3" : "60"), 1);
  const seed = readCount("seed", values.seed ?? String(Date.now() % 1_000_000), 0);
  const schedules = readCount("schedules", values.schedules ?? "1", 1);
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
  console.error("Building …");
  runBuild();
  if (values.client) return soakClient(seconds, seed);
  return isSchedules ? soakSchedules(schedules, seed, seconds) : soakLoad(seconds);
}

if (import.meta.main) await runCommand(main);
