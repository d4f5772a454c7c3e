import { runSoak, type SoakReport } from "./run-soak.ts";

/** From one line of progress to the next. */
const PROGRESS_MS = 5000;

/**
 * 200 connections of callers who insist, in front of a Pub/Sub that fails one call in five.
 *
 * @returns the exit code: 1 when anything was lost, altered, out of order, or refused without `retryable`
 */
export async function soakLoad(seconds: number): Promise<number> {
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
