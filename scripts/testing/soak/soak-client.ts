import { status } from "@grpc/grpc-js";
import { isClean, printBalance } from "./print-balance.ts";
import { Random } from "./schedules/random.ts";
import { runSchedule, type ScheduleReport } from "./schedules/run-schedule.ts";
import type { Step } from "./schedules/schedule.ts";

const SETTLE_MS = 60_000;

/** How often the function is killed, and how: in turn with and without a word before. */
const RESTART_MS = 4000;

const TOKEN_LIFE_MS = 1500;

/**
 * Callers send through the staged client to two functions while Pub/Sub fails one call in five, one function is killed and
 * restarted, and tokens expire; at the end a sender is closed in an outage.
 *
 * @returns the exit code: 1 when a bad column is not 0
 */
export async function soakClient(seconds: number, seed: number): Promise<number> {
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
    ...{ durationMs, settleMs: SETTLE_MS, users: 20, client: { tokenLifeMs: TOKEN_LIFE_MS } },
  });
}

const failOneInFive: Step["act"] = ({ faults }) => {
  faults.every(10, { kind: "error", code: status.UNAVAILABLE });
  faults.every(15, { kind: "lost-answer", caller: "unavailable" });
  faults.every(30, { kind: "error", code: status.RESOURCE_EXHAUSTED });
  faults.every(500, { kind: "hang" });
};
