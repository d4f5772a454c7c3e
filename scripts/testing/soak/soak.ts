import { runBuild } from "../../build/run-build.ts";
import { readArguments, readCount, runCommand } from "../../common/command.ts";
import { soakClient } from "./soak-client.ts";
import { soakLoad } from "./soak-load.ts";
import { soakSchedules } from "./soak-schedules.ts";

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

await runCommand(main);
