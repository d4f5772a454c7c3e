import type { Target } from "../target.ts";
import { explainKnownCause } from "./causes.ts";
import { GcloudError, GcloudMissingError, runGcloud, toShellCommand } from "./gcloud.ts";
import { findPermission } from "./permission.ts";

/**
 * Says in one line what a failed step means and, where one command mends it, which. What is not known is shown as it came.
 *
 * @param error what the step threw
 */
export async function explainFailure(error: unknown, target: Target): Promise<string> {
  if (error instanceof GcloudMissingError) {
    return "gcloud is not on the PATH; install it: https://cloud.google.com/sdk/docs/install";
  }
  if (!(error instanceof GcloudError)) return error instanceof Error ? error.message : String(error);
  const { args, stderr } = error;
  const account = await runGcloud(["config", "get-value", "account", "--quiet"]).catch(() => "");
  return (
    explainKnownCause(args, stderr, target, toMember(account)) ??
    explainRefusal(error, target, account) ??
    explainBuild(stderr, target) ??
    toOwnWords(stderr)
  );
}

function toMember(account: string): string {
  const kind = account.endsWith(".gserviceaccount.com") ? "serviceAccount" : "user";
  return account === "" ? "user:YOUR_ACCOUNT" : `${kind}:${account}`;
}

/** A permission that the caller lacks; undefined where it is not known which, or somebody else lacks it. */
function explainRefusal({ args, stderr }: GcloudError, { project }: Target, account: string): string | undefined {
  const [, refused] = /(\S+@[\w.-]+\.gserviceaccount\.com)\]? does not have/.exec(stderr) ?? [];
  if (refused !== undefined && refused.replace(/^\W+/, "") !== account) return undefined;
  const permission = findPermission(args, stderr);
  if (permission === undefined) return undefined;
  const { name, role } = permission;
  const grant = ["projects", "add-iam-policy-binding", project, `--member=${toMember(account)}`, `--role=${role}`];
  return `permission ${name} is missing; an owner of the project grants it with: ${toShellCommand("gcloud", [...grant, "--condition=None"])}`;
}

function explainBuild(stderr: string, { project, region }: Target): string | undefined {
  const message = /Build failed[^\n]*?(?=For more details|$)/m.exec(stderr)?.[0].trim();
  if (message === undefined) return undefined;
  const id = /cloud-build\/builds;region=[\w-]+\/([0-9a-f-]+)/.exec(stderr)?.[1];
  if (id === undefined) return message;
  const log = toShellCommand("gcloud", ["builds", "log", id, `--region=${region}`, `--project=${project}`]);
  return `${message}${message.endsWith(".") ? "" : ";"} Read the build's log: ${log}`;
}

/** All that gcloud says from its first error on, without the command's own name: what is before is its progress. */
function toOwnWords(stderr: string): string {
  const from = stderr.search(/^ERROR:/m);
  const text = stderr.slice(Math.max(from, 0)).trim();
  return text.replace(/^ERROR: (\([\w.-]+\) )?/, "") || "gcloud failed without a word";
}
