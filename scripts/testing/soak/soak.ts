import { parseArgs } from "node:util";
import { runSoak } from "./run-soak.ts";

// npm run soak -- [--seconds=60]: 200 connections of callers who insist, in front of a Pub/Sub that fails one call in five.
// Ends with 1 when anything was lost, altered, out of order, or refused without `retryable`.

const { values } = parseArgs({ options: { seconds: { type: "string", default: "60" } } });
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

console.log(`Sending for ${values.seconds} s …`);
const report = await runSoak({
  connections: 200,
  usersPerConnection: 50,
  maxRequests: Number.POSITIVE_INFINITY,
  maxMs: Number(values.seconds) * 1000,
  outageEvery: 20_000,
});

const retried = [...report.retryable].map(([code, count]) => `${count} ${code}`).join(", ");
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
  "asked to retry": retried,
  "peak memory": `${report.peakMiB.toFixed(0)} MiB`,
});
for (const answer of report.others.slice(0, 5)) console.error(answer);
for (const line of report.errors.slice(0, 5)) console.error(line);
process.stderr.write(report.stderr);
process.exitCode = Object.values(faults).every((count) => count === 0) ? 0 : 1;
