import { gcloudProcesses, inParallel, type Stage } from "./apply-stages.ts";
import { explainFailure } from "./gcloud/explain-failure.ts";
import { runGcloud, toShellCommand } from "./gcloud/gcloud.ts";
import { toPreflightCommands } from "./gcloud/preflight.ts";
import { isNotKnownYet } from "./gcloud/propagation.ts";
import { findChange, type Resource, readResource } from "./resources/resource.ts";
import type { Target } from "./target.ts";

/** Prints the commands of a run, ready to paste, for whom no project can be read. */
export function printCommands(target: Target, stages: readonly Stage[]): void {
  const { version, projectNumber } = toPreflightCommands(target);
  console.log(toShellCommand("gcloud", version));
  console.log(`PROJECT_NUMBER=$(${toShellCommand("gcloud", projectNumber)})`);
  for (const { name, read, check, create, update, input } of stages.flat()) {
    const isNamedByServer = typeof update === "function";
    console.log(
      `\n# ${name}: read, then create it where it is missing${update ? ", or update it where it differs" : ""}`,
    );
    const commands = [read, ...(check ? [check] : []), create, ...(update && !isNamedByServer ? [update] : [])];
    for (const command of commands) {
      const isFed = input !== undefined && command !== read;
      console.log(toShellCommand("gcloud", command) + (isFed ? ` <<'JSON'\n${input(undefined)}\nJSON` : ""));
    }
    if (isNamedByServer) {
      // What was read is sent again with the changes, under the name that the server gave it.
      console.log(`# ${toShellCommand("gcloud", update({ name: "NAME", etag: "ETAG" }))}`);
    }
  }
}

/**
 * Reads the project and prints what is and what would change; changes nothing.
 *
 * @returns whether a run could bring all to the wanted state, as far as can be told
 */
export async function printPlan(target: Target, stages: readonly Stage[]): Promise<boolean> {
  const plans = await inParallel(stages.flat(), gcloudProcesses, (resource) => planResource(resource, target));
  let [changes, faults] = [0, 0];
  for (const { line, kind } of plans) {
    console.log(line);
    if (kind === "change") changes += 1;
    if (kind === "fault") faults += 1;
  }
  console.log(
    `\nNothing was changed. ${changes} of ${plans.length} would be${faults > 0 ? `; ${faults} cannot be` : ""}.`,
  );
  return faults === 0;
}

interface ResourcePlan {
  readonly line: string;
  readonly kind: "as wanted" | "change" | "fault";
}

async function planResource(resource: Resource, target: Target): Promise<ResourcePlan> {
  const { name, check } = resource;
  try {
    const change = findChange(resource, await readUnlessDisabled(resource));
    if (change === undefined) return { line: `${name}: as wanted`, kind: "as wanted" };
    if (check !== undefined) await runGcloud(check).catch(throwUnlessDisabled);
    const outcome = change.outcome.replace(/^created/, "create").replace(/^updated/, "update");
    return { line: `${name}: would ${outcome}`, kind: "change" };
  } catch (error) {
    return { line: `${name}: CANNOT: ${await explainFailure(error, target)}`, kind: "fault" };
  }
}

/** An API that is still off has nothing yet. */
function readUnlessDisabled(resource: Resource): Promise<unknown> {
  return readResource(resource).catch(throwUnlessDisabled);
}

function throwUnlessDisabled(error: unknown): undefined {
  if (!isNotKnownYet(error)) throw error;
  return undefined;
}
