import { setTimeout as sleep } from "node:timers/promises";
import { domains, findEvent, functionNames } from "../../shared/events/registry.ts";
import { readArguments, runCommand, UsageError } from "../common/command.ts";
import { localOption, readLocalUrl, separateLocalUrl } from "../common/local-url.ts";
import { explainFailure } from "../deploy/gcloud/explain-failure.ts";
import { readProject } from "../deploy/target.ts";
import { isJudged, reportFaults, summaryFilter, toTable, toWorst } from "./fault-report.ts";
import { type LogEntry, type LogSource, readLogEntries, readSince } from "./log-entries.ts";

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
  project: { type: "string" },
  since: { type: "string", default: "7d" },
  type: { type: "string" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
  ...localOption,
} as const;

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(separateLocalUrl(args), options, true);
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const { type, project } = values;
  const { url, rest } = readLocalUrl(values.local, positionals, { project });
  if (rest.length > 0) throw new UsageError(`${JSON.stringify(rest[0])} is no option; see --help`);
  // It becomes a part of a filter.
  if (type !== undefined && !findEvent(type)) throw new UsageError(`there is no event type ${JSON.stringify(type)}`);
  const since = readSince(values.since);
  const source: LogSource =
    url === undefined ? { kind: "cloud", project: readProject(project) } : { kind: "local", url };
  let entries: LogEntry[];
  try {
    const filter = type === undefined ? summaryFilter : `${summaryFilter} AND jsonPayload.event_type="${type}"`;
    if (url !== undefined) await haveCountsSaid(url);
    entries = await readLogEntries(source, since, filter, () => true);
  } catch (error) {
    if (error instanceof UsageError || source.kind === "local") throw error;
    console.error(await explainFailure(error, { project: source.project, region: "" }));
    return 2;
  }
  const judged = entries.filter(({ jsonPayload = {} }) => isJudged(jsonPayload));
  const reports = (type === undefined ? listTypes(judged) : [type]).map((each) => reportFaults(each, judged));
  const toJson = () => reports.map(({ refused: _, marked: __, exitCode: ___, ...report }) => report);
  console.log(values.json ? JSON.stringify(toJson(), null, 2) : toTable(reports));
  return toWorst(reports);
}

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

await runCommand(main);
