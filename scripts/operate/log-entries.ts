import { functionNames } from "../../shared/events/registry.ts";
import { UsageError } from "../common/command.ts";
import { askLocalStack } from "../common/local-url.ts";
import { runGcloud } from "../deploy/gcloud/gcloud.ts";
import type { Source } from "./source.ts";

/** A line that a function wrote, as Cloud Logging keeps it and the local stack tells it. */
export interface LogEntry {
  /** RFC 3339. */
  readonly timestamp: string;
  readonly severity: string;
  readonly resource: { readonly labels: Readonly<Record<string, string>> };
  readonly jsonPayload?: Readonly<Record<string, unknown>>;
}

const services = functionNames.map((name) => `"${name}"`).join(" OR ");
const unitsMs = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** @throws UsageError where it is no number of minutes, hours or days such as `7d` */
export function readSince(text: string, now = Date.now()): Date {
  const { count, unit } = /^(?<count>[1-9]\d{0,3})(?<unit>[mhd])$/.exec(text)?.groups ?? {};
  if (!unit) throw new UsageError(`--since must be a time such as 7d, 12h or 30m, not ${JSON.stringify(text)}`);
  return new Date(now - Number(count) * unitsMs[unit as keyof typeof unitsMs]);
}

/**
 * Reads what the functions wrote in their logs, the oldest line first.
 *
 * @param filter which lines, in Cloud Logging's language: comparisons of `jsonPayload`
 * @param matches which of these, and of the local stack's, which gives all of its lines
 * @throws GcloudError where gcloud is refused, UsageError where no local stack answers
 */
export async function readLogEntries(
  source: Source,
  since: Date,
  filter: string,
  matches: (line: Readonly<Record<string, unknown>>) => boolean,
): Promise<LogEntry[]> {
  const entries = (await (source.kind === "local"
    ? askLocalStack(source.url, "/console/logs")
    : readCloudLogs(source.project, since, filter))) as LogEntry[];
  return entries.filter(({ timestamp, jsonPayload }) => new Date(timestamp) >= since && matches(jsonPayload ?? {}));
}

async function readCloudLogs(project: string, since: Date, filter: string): Promise<unknown> {
  const where = `resource.type="cloud_run_revision" AND resource.labels.service_name=(${services})`;
  // A time in the filter, as gcloud's own --freshness holds only for the newest first.
  const whole = `${where} AND timestamp>="${since.toISOString()}" AND ${filter}`;
  const fields = "--format=json(timestamp,severity,resource.labels,trace,jsonPayload)";
  return JSON.parse(
    await runGcloud(["logging", "read", whole, "--order=asc", fields, `--project=${project}`, "--quiet"]),
  );
}
