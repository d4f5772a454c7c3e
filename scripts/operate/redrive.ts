import * as v from "valibot";
import { envelope } from "../../shared/events/envelope.ts";
import { domains, functionNames } from "../../shared/events/registry.ts";
import { readArguments, readCount, runCommand, UsageError } from "../common/command.ts";
import { localOption, readLocalUrl, separateLocalUrl } from "../common/local-url.ts";
import { explainFailure } from "../deploy/gcloud/explain-failure.ts";
import { readProject } from "../deploy/target.ts";
import { MOST_TIMES } from "./bring-back.ts";
import type { LogSource } from "./log-entries.ts";
import { connect } from "./pubsub.ts";
import { type Order, runRedrive } from "./run-redrive.ts";

const usage = `Usage: npm run redrive -- FUNCTION --project P [options]
       npm run redrive -- FUNCTION --local [URL] [options]

Brings a function's dead letters back to its topic: each under its own key with its own bytes and attributes and the attribute
redriven, a key's in their original order. What was brought back ${MOST_TIMES} times stays.

  --project P    id of the Google Cloud project
  --local [URL]  the local stack instead (default: http://localhost:8000)
  --type T       this event type alone
  --before TIME  what became a dead letter before this time alone, such as 2026-11-22T08:00:00Z
  --limit N      no more than these, the oldest first
  --rate N       this many a second (default: 100)
  --dry-run      print what would be brought back
  --help         print this

Exit code: 0 done, or nothing to do, 1 something failed and is still a dead letter, 2 not asked or not understood.
`;

const options = {
  project: { type: "string" },
  type: { type: "string" },
  before: { type: "string" },
  limit: { type: "string" },
  rate: { type: "string", default: "100" },
  "dry-run": { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
  ...localOption,
} as const;

// What a dry run gave back, Pub/Sub holds back for ten seconds, by the retry policy of `provision`.
const holding = { local: { leaseSeconds: 10, quietMs: 500 }, cloud: { leaseSeconds: 20, quietMs: 12_000 } };

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(separateLocalUrl(args), options, true);
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const { project, type, before, limit } = values;
  const { url, rest } = readLocalUrl(values.local, positionals, { project });
  const name = functionNames.find((each) => each === rest[0]);
  if (name === undefined || rest.length > 1) {
    throw new UsageError(`one function is wanted, of ${functionNames.join(", ")}; see --help`);
  }
  if (before !== undefined && !(v.is(envelope.timestamp, before) && Date.parse(before) > 0)) {
    throw new UsageError(`--before must be a time such as 2026-11-22T08:00:00Z, not ${JSON.stringify(before)}`);
  }
  const order: Order = {
    type,
    before: before === undefined ? Infinity : Date.parse(before),
    limit: limit === undefined ? Infinity : readCount("limit", limit, 1),
    rate: readCount("rate", values.rate, 1),
    isDry: values["dry-run"],
  };
  const source: LogSource =
    url === undefined ? { kind: "cloud", project: readProject(project) } : { kind: "local", url };
  let isEnding = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      isEnding = true;
    });
  }
  try {
    const pubsub = await connect(source);
    const code = await runRedrive(pubsub, domains[name].topic, order, holding[source.kind], () => isEnding);
    pubsub.close();
    return code;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    console.error(await explainFailure(error, { project: project ?? "", region: "" }));
    return 2;
  }
}

await runCommand(main);
