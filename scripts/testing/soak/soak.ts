import { runBuild } from "../../build/run-build.ts";
import { readArguments, readCount, runCommand } from "../../common/command.ts";
import { runSoak, type SoakReport } from "./run-soak.ts";

const usage = `Usage: npm run soak -- [--seconds N]

Has 200 connections of callers who insist send events to a built function, in front of a Pub/Sub that fails one call in
five. Ends with 1 when anything was lost, altered, out of order, or refused without "retryable".

  --seconds N   how long (default: 60)
  --help        print this
`;

const options = {
  seconds: { type: "string", default: "60" },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** From one line of progress to the next. */
const PROGRESS_MS = 5000;

async function main(args: readonly string[]): Promise<number> {
  const { values } = readArguments(args, options, false);
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const seconds = readCount("seconds", values.seconds, 1);
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
  console.error("Building …");
  runBuild();

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

await runCommand(main);
