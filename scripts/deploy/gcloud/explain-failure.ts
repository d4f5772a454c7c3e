import type { Target } from "../target.ts";
import { GcloudError, GcloudMissingError, runGcloud } from "./gcloud.ts";
import { findPermission } from "./permission.ts";
import { toShellCommand } from "./shell-quote.ts";

/** How gcloud's commands say that a permission is missing; Pub/Sub's that create something do so without a code. */
const refusals =
  /PERMISSION_DENIED|code=\[Forbidden\]|does not have permission|HTTPError 403|status=\[403\]|not authorized to perform this action/;

/**
 * Says in one line what a failed step means and, where one command mends it, which.
 *
 * @param error what the step threw
 */
export async function explainFailure(error: unknown, target: Target): Promise<string> {
  if (error instanceof GcloudMissingError) {
    return "gcloud is not on the PATH; install it: https://cloud.google.com/sdk/docs/install";
  }
  if (!(error instanceof GcloudError)) return error instanceof Error ? error.message : String(error);
  const { stderr } = error;
  // The credentials on disk may be there and no longer valid; both are mended by logging in.
  if (
    /active account selected|refreshing your current auth|Reauthentication|invalid_grant|UNAUTHENTICATED/.test(stderr)
  ) {
    return "gcloud is not logged in; run: gcloud auth login";
  }
  if (refusals.test(stderr)) {
    return explainRefusal(error, target);
  }
  const build = /Build failed[^\n]*?(?=For more details|$)/m.exec(stderr)?.[0].trim();
  if (build !== undefined) return explainBuild(build, stderr, target);
  return toFirstErrorLine(stderr);
}

async function explainRefusal({ args, stderr }: GcloudError, { project }: Target): Promise<string> {
  const { name, role } = findPermission(args, stderr);
  const account = await runGcloud(["config", "get-value", "account", "--quiet"]).catch(() => "");
  const kind = account.endsWith(".gserviceaccount.com") ? "serviceAccount" : "user";
  const member = account === "" ? "user:YOUR_ACCOUNT" : `${kind}:${account}`;
  const grant = ["projects", "add-iam-policy-binding", project, `--member=${member}`, `--role=${role}`];
  return `permission ${name} is missing; an owner of the project grants it with: ${toShellCommand("gcloud", [...grant, "--condition=None"])}`;
}

function explainBuild(message: string, stderr: string, { project, region }: Target): string {
  const id = /cloud-build\/builds;region=[\w-]+\/([0-9a-f-]+)/.exec(stderr)?.[1];
  if (id === undefined) return message;
  const log = toShellCommand("gcloud", ["builds", "log", id, `--region=${region}`, `--project=${project}`]);
  return `${message}${message.endsWith(".") ? "" : ";"} Read the build's log: ${log}`;
}

/** Takes gcloud's own sentence out of its output: the first line that is marked as an error, without the command. */
function toFirstErrorLine(stderr: string): string {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  const marked = lines.find((line) => line.startsWith("ERROR:")) ?? lines.at(-1) ?? "gcloud failed without a word";
  return marked.replace(/^ERROR: (\([\w.-]+\) )?/, "");
}
