import { status } from "@grpc/grpc-js";
import { runBuild } from "../../build/run-build.ts";
import { readArguments, readCount, runCommand } from "../../common/command.ts";
import { Random } from "./schedules/random.ts";
import { runSchedule, type ScheduleOptions, type ScheduleReport } from "./schedules/run-schedule.ts";
import { drawSchedule, type Step } from "./schedules/schedule.ts";
import { isClean, printBalance } from "./schedules/tally.ts";

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
    const isFailed = report instanceof Error || !isFine(report);
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

function isFine(report: ScheduleReport): boolean {
  return isClean(report) && report.findings.length === 0;
}

const STEADY_SETTLE_MS = 60_000;

/** How often it gets worse for a while. */
const WORSE_MS = 4000;

const TOKEN_LIFE_MS = 1500;

/** More calls in a row than a publish's budget outlasts: callers hear of it. */
const OUTAGE_CALLS = 1500;

/**
 * 200 callers who insist, in front of a Pub/Sub that fails one call in five, and all calls now and then.
 */
export function runLoadSoak(seconds: number, seed: number): Promise<ScheduleReport> {
  return runSteadily(seconds, seed, { users: 200 }, () => ({
    name: `${OUTAGE_CALLS} calls fail`,
    act: ({ faults }) => faults.failNext(OUTAGE_CALLS, status.UNAVAILABLE),
  }));
}

/**
 * Callers send through the staged client to two functions while Pub/Sub fails one call in five, one function is killed and
 * restarted, in turn with and without a word before, and tokens expire; at the end a sender is closed in an outage.
 */
export function runClientSoak(seconds: number, seed: number): Promise<ScheduleReport> {
  return runSteadily(seconds, seed, { users: 20, client: { tokenLifeMs: TOKEN_LIFE_MS } }, (i) => {
    const signal = i % 2 === 0 ? "SIGKILL" : "SIGTERM";
    return { name: signal, act: ({ running }) => running.restart(signal) };
  });
}

function runSteadily(
  seconds: number,
  seed: number,
  who: Pick<ScheduleOptions, "users" | "client">,
  toWorse: (i: number) => Omit<Step, "atMs">,
): Promise<ScheduleReport> {
  const durationMs = seconds * 1000;
  const times = Array.from({ length: Math.floor((seconds * 1000) / WORSE_MS) }, (_, i) => (i + 0.5) * WORSE_MS);
  const worse = times.map((atMs, i): Step => ({ ...toWorse(i), atMs }));
  return runSchedule({
    random: new Random(seed),
    steps: [{ atMs: 0, name: "one call in five fails", act: failOneInFive }, ...worse],
    ...{ durationMs, settleMs: STEADY_SETTLE_MS, ...who },
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
 * Runs a soak, and says every few seconds that it does.
 *
 * @returns the exit code: 1 when a bad column is not 0
 */
async function soakSteadily(run: typeof runLoadSoak, seconds: number, seed: number): Promise<number> {
  console.error(`Sending for ${seconds} s, seed ${seed} …`);
  const startedAt = performance.now();
  const progress = setInterval(() => {
    const elapsed = (performance.now() - startedAt) / 1000;
    const doing = elapsed < seconds ? `of ${seconds} s` : "s: waiting until all is settled";
    console.error(`${elapsed.toFixed(0)} ${doing}`);
  }, PROGRESS_MS);
  const report = await run(seconds, seed).finally(() => clearInterval(progress));
  console.log(`${printBalance(report)}, peak memory ${report.peakMiB.toFixed(0)} MiB`);
  for (const finding of report.findings.slice(0, 10)) console.error(finding);
  return isFine(report) ? 0 : 1;
}

const usage = `Usage: npm run soak -- [options]

Has callers send events to a built function while things go wrong, and keeps account of each. Ends with 1 when anything was
lost, altered, out of order, given up wrongly, or never settled.

  (no options)     200 callers who insist, in front of a Pub/Sub that fails one call in five, and now and then all
  --client         callers send through @pulsecart/events; Pub/Sub fails one call in five, the function is killed and
                   restarted, tokens expire
  --schedules K    K schedules one after the other: random faults of Pub/Sub, of the network, and signals
  --seed N         of the first schedule, the next ones count on from there, or of --client (default: random, printed)
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
  if (isSchedules) return soakSchedules(schedules, seed, seconds);
  return soakSteadily(values.client ? runClientSoak : runLoadSoak, seconds, seed);
}

if (import.meta.main) await runCommand(main);
