import type { FunctionName } from "../../../shared/events/registry.ts";
import { runGcloud } from "../gcloud/gcloud.ts";
import { fastLimit, floor } from "../monitoring/burn-rate.ts";
import type { Target } from "../target.ts";

/** Of one kind of bad entries only the newest are read: with them the time goes back no further than to the oldest of them. */
const mostEntries = 100;

interface Subject {
  readonly name: FunctionName;
  readonly target: Target;
  readonly revision: string;
  readonly since: Date;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Says what is wrong with a revision's answers since a time, by Cloud Run's request log and the revision's own ERROR lines: more of
 * them than the fast alert allows.
 *
 * @returns undefined where nothing is, or where there are too few bad ones to tell
 * @throws GcloudError where the log cannot be read
 */
export async function findBurn(subject: Subject): Promise<string | undefined> {
  const kinds = {
    "answers that are 429 or 5xx": `${requests} AND (httpRequest.status=429 OR httpRequest.status>=500)`,
    "ERROR lines": `NOT ${requests} AND severity>=ERROR`,
  };
  for (const [kind, filter] of Object.entries(kinds)) {
    const bad = await readTimes(subject, filter, mostEntries);
    if (bad.length < floor) continue;
    const since = bad.length < mostEntries ? subject.since : new Date(bad.at(-1) ?? subject.since);
    // So many are enough to know that it is no burn.
    const answers = await readTimes({ ...subject, since }, requests, Math.floor(bad.length / fastLimit) + 1);
    if (bad.length > answers.length * fastLimit) return `${bad.length} ${kind}, of ${answers.length} answers`;
  }
  return undefined;
}

const requests = 'logName:"run.googleapis.com%2Frequests"';

/** The times of the newest entries that a filter finds, newest first. */
async function readTimes({ name, target, revision, since, signal }: Subject, filter: string, limit: number) {
  const all = [
    'resource.type="cloud_run_revision"',
    ...[`resource.labels.service_name="${name}"`, `resource.labels.revision_name="${revision}"`],
    ...[`timestamp>="${since.toISOString()}"`, filter],
  ].join(" AND ");
  const flags = [
    `--project=${target.project}`,
    `--limit=${limit}`,
    "--order=desc",
    "--format=value(timestamp)",
    "--quiet",
  ];
  const printed = await runGcloud(["logging", "read", all, ...flags], { signal });
  return printed.split("\n").filter((line) => line !== "");
}
