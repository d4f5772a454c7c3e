import { isClean, printBalance } from "./print-balance.ts";
import { Random } from "./schedules/random.ts";
import { runSchedule } from "./schedules/run-schedule.ts";
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
export async function soakSchedules(count: number, firstSeed: number, seconds: number): Promise<number> {
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
