import type { ParseArgsOptionsConfig } from "node:util";
import { readArguments, runCommand, UsageError } from "../common/command.ts";
import { askLocalStack, localOption, readLocalUrl, separateLocalUrl } from "../common/local-url.ts";
import { connectCloudPubSub, type PubSub } from "../deploy/gcloud/cloud-pubsub.ts";
import { explainFailure } from "../deploy/gcloud/explain-failure.ts";
import { readProject } from "../deploy/target.ts";
import { connectPubSub } from "../pubsub/client.ts";

/** What a command asks: a project, or the local stack. */
export type Source =
  | { readonly kind: "local"; readonly url: string }
  | { readonly kind: "cloud"; readonly project: string };

/** The options of all commands that have a source. */
export const sourceOptions = {
  project: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
  ...localOption,
} as const;

/**
 * Runs a command that has a source; what cannot be asked is one line, and exit code 2.
 *
 * @param options those of `sourceOptions` among them
 * @param command takes the options and what else was given; returns the exit code
 */
export function runOnSource<const TOptions extends ParseArgsOptionsConfig & typeof sourceOptions>(
  usage: string,
  options: TOptions,
  command: (
    source: Source,
    values: ReturnType<typeof readArguments<TOptions>>["values"],
    rest: readonly string[],
  ) => Promise<number>,
): Promise<void> {
  return runCommand(async (args) => {
    const { values, positionals } = readArguments(separateLocalUrl(args), options, true);
    const given = values as { help: boolean; local: boolean; project?: string; region?: string };
    if (given.help) {
      process.stdout.write(usage);
      return 0;
    }
    const { project, region } = given;
    const { url, rest } = readLocalUrl(given.local, positionals, { project, region });
    const source: Source =
      url === undefined ? { kind: "cloud", project: readProject(project) } : { kind: "local", url };
    try {
      return await command(source, values, rest);
    } catch (error) {
      if (error instanceof UsageError) throw error;
      console.error(await explainFailure(error, { project: project ?? "", region: region ?? "" }));
      return 2;
    }
  });
}

/** @throws GcloudError where gcloud gives no access, UsageError where no local stack answers */
export async function connect(source: Source): Promise<PubSub> {
  if (source.kind === "cloud") return connectCloudPubSub(source.project);
  const { pubsub = "", project = "" } = (await askLocalStack(source.url, "/console/info")) as Record<string, string>;
  return connectPubSub(pubsub, project);
}

/** From now on SIGINT and SIGTERM do not end the process, which has to put something right first. */
export function deferEnd(): AbortSignal {
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => ending.abort());
  return ending.signal;
}
