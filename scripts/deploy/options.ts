import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import type { Target } from "./target.ts";

/** The command line is not one that the command takes; the message is for the person who typed it. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The options that provision and deploy have in common. */
export const commonOptions = {
  project: { type: "string" },
  region: { type: "string" },
  "dry-run": { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const satisfies ParseArgsOptionsConfig;

/**
 * Parses a command line strictly.
 *
 * @throws UsageError for an option that is unknown, lacks its value, or may not have one
 */
export function readArguments<const TOptions extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: TOptions,
  allowPositionals: boolean,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals, allowNegative: true, strict: true });
  } catch (error) {
    // Node's message goes on with advice about positional arguments, which does not apply to these commands.
    const [sentence] = (error as Error).message.split(/\. |\n/);
    throw new UsageError(`${sentence}; see --help`);
  }
}

/**
 * Checks where a command shall act.
 *
 * @throws UsageError where the project or region is missing, or cannot be one
 */
export function readTarget({ project, region }: { project?: string | undefined; region?: string | undefined }): Target {
  if (project === undefined) throw new UsageError("--project is missing: the id of the Google Cloud project");
  if (region === undefined) throw new UsageError("--region is missing: where the functions run, such as europe-west1");
  if (!/^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/.test(project)) {
    throw new UsageError(`--project must be a project's id, such as pulsecart-prod, not ${JSON.stringify(project)}`);
  }
  if (!/^[a-z]+-[a-z]+\d{1,2}$/.test(region)) {
    throw new UsageError(`--region must be a region, such as europe-west1, not ${JSON.stringify(region)}`);
  }
  return { project, region };
}
