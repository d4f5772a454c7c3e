import * as v from "valibot";
import { envelope } from "../../shared/events/envelope.ts";
import { domains, functionNames } from "../../shared/events/registry.ts";
import { readCount, UsageError } from "../common/command.ts";
import { MOST_TIMES, runRedrive } from "./run-redrive.ts";
import { connect, deferEnd, runOnSource, sourceOptions } from "./source.ts";

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
  type: { type: "string" },
  before: { type: "string" },
  limit: { type: "string" },
  rate: { type: "string", default: "100" },
  "dry-run": { type: "boolean", default: false },
  ...sourceOptions,
} as const;

// What a dry run gave back, Pub/Sub holds back for ten seconds, by the retry policy of `provision`.
const holding = { local: { leaseSeconds: 10, quietMs: 500 }, cloud: { leaseSeconds: 20, quietMs: 12_000 } };

await runOnSource(usage, options, async (source, values, [given, ...rest]) => {
  const { type, before, limit, rate } = values;
  const name = functionNames.find((each) => each === given);
  if (name === undefined || rest.length > 0) {
    throw new UsageError(`one function is wanted, of ${functionNames.join(", ")}; see --help`);
  }
  if (before !== undefined && !(v.is(envelope.timestamp, before) && Date.parse(before) > 0)) {
    throw new UsageError(`--before must be a time such as 2026-11-22T08:00:00Z, not ${JSON.stringify(before)}`);
  }
  const order = {
    type,
    before: before === undefined ? Infinity : Date.parse(before),
    limit: limit === undefined ? Infinity : readCount("limit", limit, 1),
    rate: readCount("rate", rate, 1),
    isDry: values["dry-run"],
    ...holding[source.kind],
  };
  return runRedrive(await connect(source), domains[name].topic, order, deferEnd());
});
