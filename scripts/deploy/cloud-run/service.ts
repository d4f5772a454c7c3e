import type { FunctionName } from "../../../shared/events/registry.ts";
import { readGcloud } from "../gcloud/gcloud.ts";
import type { Target } from "../target.ts";

/** A revision's own settings, as `gcloud run … describe --format=json` prints them. */
export interface Template {
  readonly metadata?: {
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec?: {
    readonly containerConcurrency?: number;
    readonly timeoutSeconds?: number;
    readonly containers?: readonly {
      readonly image?: string;
      readonly resources?: { readonly limits?: { readonly cpu?: string; readonly memory?: string } };
      readonly env?: readonly { readonly name: string; readonly value?: string }[];
    }[];
  };
}

/** One share of a service's traffic; a tag without a share has no percent. */
interface TrafficTarget {
  readonly revisionName?: string;
  readonly percent?: number;
  readonly latestRevision?: boolean;
  readonly tag?: string;
  readonly url?: string;
}

/** The Cloud Run service behind a function, as gcloud prints it. */
export interface Service {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: { readonly template?: Template; readonly traffic?: readonly TrafficTarget[] };
  readonly status?: {
    readonly url?: string;
    readonly latestCreatedRevisionName?: string;
    readonly latestReadyRevisionName?: string;
    readonly traffic?: readonly TrafficTarget[];
  };
}

/** One revision of a service, as gcloud prints it. */
export interface Revision extends Template {
  readonly metadata: NonNullable<Template["metadata"]> & { readonly name: string; readonly creationTimestamp?: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** The gcloud arguments that follow a function's name in every command about its service. */
export function toPlace({ project, region }: Target): string[] {
  return [`--project=${project}`, `--region=${region}`, "--quiet"];
}

/** The gcloud arguments that change who gets which share of a function's requests, within seconds. */
export function toTrafficCommand(name: FunctionName, target: Target, ...flags: readonly string[]): string[] {
  return ["run", "services", "update-traffic", name, ...flags, ...toPlace(target)];
}

/** The gcloud arguments that print a function's service. */
export function toServiceCommand(name: FunctionName, target: Target): string[] {
  return ["run", "services", "describe", name, ...toPlace(target), "--format=json"];
}

/** Reads the service behind a function. @returns undefined where there is none @throws GcloudError where gcloud is refused */
export async function readService(name: FunctionName, target: Target): Promise<Service | undefined> {
  const service = (await readGcloud(toServiceCommand(name, target))) as Service | undefined;
  return service?.spec === undefined ? undefined : service;
}

/** Reads a function's revisions, newest first. @throws GcloudError where gcloud is refused */
export async function readRevisions(name: FunctionName, target: Target): Promise<readonly Revision[]> {
  const list = ["run", "revisions", "list", `--service=${name}`, ...toPlace(target), "--format=json"];
  const revisions = ((await readGcloud(list)) ?? []) as readonly Revision[];
  const toTime = ({ metadata }: Revision) => Date.parse(metadata.creationTimestamp ?? "") || 0;
  // Of two that were made in the same second the name tells: it ends in a number that rises.
  return revisions.toSorted((a, b) => toTime(b) - toTime(a) || (a.metadata.name < b.metadata.name ? 1 : -1));
}

/** The variables of a revision that have a value of their own: what a secret holds is nobody's business here. */
export function toVariables({ spec }: Template): Readonly<Record<string, string>> {
  const variables = spec?.containers?.[0]?.env ?? [];
  return Object.fromEntries(variables.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));
}

/** The share of traffic of each revision that has any, by its name. */
export function toShares({ status }: Service): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  for (const { revisionName, latestRevision, percent = 0 } of status?.traffic ?? []) {
    const revision = revisionName ?? (latestRevision ? status?.latestReadyRevisionName : undefined);
    if (revision !== undefined && percent > 0) shares.set(revision, (shares.get(revision) ?? 0) + percent);
  }
  return shares;
}

/** The URL under which a tag's revision answers, whatever its share; undefined where there is no such tag. */
export function findTag({ status }: Service, tag: string): { revision: string; url: string } | undefined {
  const found = status?.traffic?.find((target) => target.tag === tag);
  if (found?.revisionName === undefined || found.url === undefined) return undefined;
  return { revision: found.revisionName, url: found.url };
}

/** Says which revisions serve, for people: `commerce-00007-abc`, or `commerce-00007-abc 90 %, commerce-00009-def 10 %`. */
export function describeShares(service: Service | undefined): string {
  const shares = [...(service === undefined ? [] : toShares(service))].toSorted(([, a], [, b]) => b - a);
  if (shares.length === 0) return "nothing";
  return shares.map(([revision, share]) => (share === 100 ? revision : `${revision} ${share} %`)).join(", ");
}
