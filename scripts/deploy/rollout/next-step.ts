import { findTag, type Service, toShares } from "../cloud-run/service.ts";

/** The tag of the revision that is tried. */
export const candidateTag = "candidate";

/** What a gradual deployment does next. `stable` serves until it is over, and gets all traffic where the new revision is bad. */
export type Step =
  /** Nothing serves: there is nothing to be careful about. */
  | { readonly kind: "deploy plainly" }
  /** Names the serving revision in the traffic, so that a new one gets none by itself. */
  | { readonly kind: "pin"; readonly stable: string }
  | { readonly kind: "deploy"; readonly stable: string }
  /** The new revision has traffic that nobody gave it. */
  | { readonly kind: "restore"; readonly stable: string }
  /** Somebody else has made a revision, as `npm run switch` does. */
  | { readonly kind: "overtaken"; readonly stable: string; readonly revision: string }
  | { readonly kind: "tag"; readonly stable: string; readonly revision: string }
  | { readonly kind: "verify"; readonly stable: string; readonly revision: string }
  | { readonly kind: "watch"; readonly stable: string; readonly revision: string; readonly share: number }
  | { readonly kind: "shift"; readonly stable: string; readonly revision: string; readonly share: number }
  | { readonly kind: "done"; readonly revision: string };

/** What this run knows beyond what Cloud Run says. */
export interface Known {
  /** The revision that is tried: this run made it, or an earlier run of the same did; undefined before. */
  readonly revision: string | undefined;
  readonly isVerified: boolean;
  /** The revision that served when this run deployed; undefined before. */
  readonly stable: string | undefined;
  /** The share of traffic at which the newest revision was watched for long enough. */
  readonly watchedShare: number;
}

/** The shares on the way, in percent; the last one is given as `--to-latest`. */
const shares = [10, 50, 100];

/**
 * Decides the next step of a gradual deployment from what Cloud Run says, whoever brought it about: a run that was interrupted is
 * taken up where it was.
 *
 * @param service undefined where there is none
 */
export function toNextStep(service: Service | undefined, known: Known): Step {
  const { revision, isVerified, watchedShare } = known;
  const stable = known.stable ?? (service && findStable(service, revision));
  if (service === undefined || stable === undefined) return { kind: "deploy plainly" };
  if (revision === undefined) return isPinnedTo(service, stable) ? { kind: "deploy", stable } : { kind: "pin", stable };
  const newest = findNewest(service);
  if (newest !== revision) return { kind: "overtaken", stable, revision: newest };
  const traffic = toShares(service);
  const share = traffic.get(revision) ?? 0;
  if (share === 100 && isVerified) return { kind: "done", revision };
  if (findTag(service, candidateTag)?.revision !== revision) {
    // A deployment makes two revisions: neither gets any.
    const isAlone = [...traffic.keys()].every((serving) => serving === stable);
    return isAlone ? { kind: "tag", stable, revision } : { kind: "restore", stable };
  }
  if (!isVerified) return { kind: "verify", stable, revision };
  if (share > 0 && watchedShare !== share) return { kind: "watch", stable, revision, share };
  return { kind: "shift", stable, revision, share: shares.find((next) => next > share) ?? 100 };
}

/** The revision that was made last, whether it serves or not. */
export function findNewest({ status }: Service): string {
  return status?.latestCreatedRevisionName ?? "";
}

/**
 * The revision to go back to: the one with the largest share, leaving out the one that is tried.
 *
 * @returns undefined where nothing serves
 */
function findStable(service: Service, revision: string | undefined): string | undefined {
  const tried = new Set([findTag(service, candidateTag)?.revision, revision]);
  const serving = [...toShares(service)].toSorted(([, a], [, b]) => b - a).map(([revision]) => revision);
  return serving.find((revision) => !tried.has(revision)) ?? serving[0];
}

/** Whether all traffic is on one revision by its name: where it is on the latest, a new one serves at once. */
function isPinnedTo({ spec }: Service, revision: string): boolean {
  const withTraffic = (spec?.traffic ?? []).filter(({ percent = 0 }) => percent > 0);
  return withTraffic.every(({ revisionName, latestRevision }) => !latestRevision && revisionName === revision);
}
