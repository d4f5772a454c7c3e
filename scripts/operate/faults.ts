import { setTimeout as sleep } from "node:timers/promises";
import { domains, findEvent, functionNames } from "../../shared/events/registry.ts";
import { UsageError } from "../common/command.ts";
import { isJudged, reportFaults, summaryFilter, toTable, toWorst } from "./fault-report.ts";
import { type LogEntry, readLogEntries, readSince } from "./log-entries.ts";
import { runOnSource, sourceOptions } from "./source.ts";

const usage = `Usage: npm run faults -- --project P [--since 7d] [--type T] [--json]
       npm run faults -- --local [URL] [--since 7d] [--type T] [--json]

Sums up what the functions' summaries say: whose events were refused, or accepted and marked, at which path, and whether
an event type is safe to enforce.

  --project P     id of the Google Cloud project
  --local [URL]   the local stack instead (default: http://localhost:8000); what was counted in the last minute comes later
  --since T       how far to look back, such as 7d, 12h, 30m (default: 7d); not further than the schema is old
  --type T        this event type alone
  --json          print JSON: [{type, events, verdict, rows: [{caller, path, refused, marked, first, last}]}]
  --help          print this

Exit code: 0 all are safe to enforce (at least 1,000 events, none marked), 1 one is not safe, 2 one is not known.
`;

const options = {
  since: { type: "string", default: "7d" },
  type: { type: "string" },
  json: { type: "boolean", default: false },
  ...sourceOptions,
} as const;

await runOnSource(usage, options, async (source, { type, json, since }, [stray]) => {
  if (stray !== undefined) throw new UsageError(`${JSON.stringify(stray)} is no option; see --help`);
  // It becomes a part of a filter.
  if (type !== undefined && !findEvent(type)) throw new UsageError(`there is no event type ${JSON.stringify(type)}`);
  const filter = type === undefined ? summaryFilter : `${summaryFilter} AND jsonPayload.event_type="${type}"`;
  const from = readSince(since);
  if (source.kind === "local") await haveCountsSaid(source.url);
  const judged = await readLogEntries(source, from, filter, isJudged);
  const reports = (type === undefined ? listTypes(judged) : [type]).map((each) => reportFaults(each, judged));
  const toJson = () => reports.map(({ refused: _, marked: __, exitCode: ___, ...report }) => report);
  console.log(json ? JSON.stringify(toJson(), null, 2) : toTable(reports));
  return toWorst(reports);
});

/** The front's health asks each function's, which then says what it has counted for a minute; its lines take a moment. */
async function haveCountsSaid(url: string): Promise<void> {
  await fetch(`${url}/health`, { signal: AbortSignal.timeout(30_000) }).catch(() => {});
  await sleep(100);
}

/** Those of the registry, of which one may be silent, and what older functions still take. */
function listTypes(entries: readonly LogEntry[]): string[] {
  const own = functionNames.flatMap((name) => Object.keys(domains[name].events));
  const seen = entries.flatMap(({ jsonPayload }) => (jsonPayload?.event_type ? [String(jsonPayload.event_type)] : []));
  return [...new Set([...own, ...seen])];
}
