import { hasUncommittedChanges } from "../../build/commit.ts";
import { type DeployedSettings, toDeployedSettings } from "../cloud-run/deployed-settings.ts";
import { toShares } from "../cloud-run/service.ts";
import { toBuildLabels, toFinishCommand } from "../deploy-commands.ts";
import type { Planned } from "../deploy-function.ts";
import type { DeployChoices } from "../function-settings.ts";
import { findNewest } from "./next-step.ts";

/**
 * Finds what an interrupted run of the same has deployed: the newest revision, where it is of this commit, with these settings, and
 * does not serve everything.
 *
 * @returns undefined where there is none, or where that cannot be known: then it is deployed anew
 */
export function findResumable(
  { name, service, wanted }: Planned,
  choices: DeployChoices,
  report: (line: string) => void,
): string | undefined {
  const { commit } = toBuildLabels(name);
  if (service === undefined || commit === undefined) return undefined;
  const newest = findNewest(service);
  const share = toShares(service).get(newest) ?? 0;
  const deployed = toDeployedSettings(service);
  // One that does not start may do so when it is made anew.
  if (share === 100 || service.status?.latestReadyRevisionName !== newest) return undefined;
  if (toFinishCommand(name, choices.target, wanted, deployed) !== undefined) return undefined;
  if (toText(deployed) !== toText({ ...deployed, ...wanted })) return undefined;
  const { extra, allowUnauthenticated, runtimeUpdatePolicy } = choices;
  const reason = hasUncommittedChanges()
    ? "the tree has changes that are not committed"
    : extra.length > 0 || allowUnauthenticated !== undefined || runtimeUpdatePolicy !== undefined
      ? "not all options can be read back from it"
      : undefined;
  if (reason !== undefined) {
    report(`${newest} is of this commit, but ${reason}: deploying anew`);
    return undefined;
  }
  report(`${newest} is of this commit, and has ${share} % of the traffic: going on with it`);
  return newest;
}

/** The settings that can be read back, in one order. */
function toText({ minInstances, maxInstances, concurrency, ingress, variables }: DeployedSettings): string {
  const sorted = Object.entries(variables).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([minInstances, maxInstances, concurrency, ingress, sorted]);
}
