import type { FunctionName } from "../../shared/events/registry.ts";
import {
  readRevisions,
  readService,
  toPlace,
  toShares,
  toTrafficCommand,
  toVariables,
} from "../deploy/cloud-run/service.ts";
import { type Change, isSwitched, switches, toSwitchFlags } from "../deploy/function-settings.ts";
import { runGcloud } from "../deploy/gcloud/gcloud.ts";
import type { Target } from "../deploy/target.ts";

/**
 * Sets one function's switch.
 *
 * @returns what serves now, for people
 * @throws Error where it is not known which revision is meant, GcloudError where gcloud is refused
 */
export async function setSwitch(name: FunctionName, target: Target, change: Change): Promise<string> {
  const service = await readService(name, target);
  const shares = [...(service === undefined ? [] : toShares(service).keys())];
  const [serving] = shares;
  if (service === undefined || serving === undefined) throw new Error(`it is not deployed in ${target.region}`);
  if (shares.length > 1) {
    throw new Error(
      `${shares.join(" and ")} share its traffic: let npm run deploy -- --gradual end, or --rollback, first`,
    );
  }
  const isNewest = serving === service.status?.latestCreatedRevisionName;
  const revisions = isNewest ? [] : await readRevisions(name, target);
  const template = isNewest ? service.spec?.template : revisions.find(({ metadata }) => metadata.name === serving);
  if (template === undefined) throw new Error(`there is no revision ${serving}`);
  if (isSwitched(name, change, template)) return `serves ${serving}, where it is so already`;
  const flags = toSwitchFlags(name, change, template, isNewest);
  await runGcloud(["run", "services", "update", name, ...flags, ...toPlace(target)]);
  const changed = await readService(name, target);
  const made = changed?.status?.latestCreatedRevisionName ?? serving;
  // While the traffic is pinned to another revision, a new one serves nobody.
  if (changed !== undefined && !toShares(changed).has(made)) {
    await runGcloud(toTrafficCommand(name, target, `--to-revisions=${made}=100`));
  }
  const { variable } = switches[change.name];
  const now = toVariables(changed?.spec?.template ?? {})[variable] ?? "registry";
  return `serves ${made}, with ${variable}=${now}`;
}
