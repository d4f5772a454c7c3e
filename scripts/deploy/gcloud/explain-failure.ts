import type { Target } from "../target.ts";
import { GcloudError, GcloudMissingError, runGcloud, toShellCommand } from "./gcloud.ts";
import { findPermission } from "./permission.ts";

type Explain = (match: RegExpExecArray, context: Context) => string;

interface Context extends Target {
  readonly args: readonly string[];
  readonly stderr: string;
  /** The caller, as IAM names it. */
  readonly member: string;
}

/** Google's own words for what no role of the caller's mends, in the order in which they are looked for. */
const causes: readonly (readonly [words: RegExp, explain: Explain])[] = [
  [
    // gcloud asks for another account's token: the one right that is needed is on that account.
    /Failed to impersonate \[([^\]]+)\]/,
    ([, account = ""], { member, project }) => {
      const grant = ["iam", "service-accounts", "add-iam-policy-binding", account.split(",").at(-1)?.trim() ?? ""];
      const role = [`--member=${member}`, "--role=roles/iam.serviceAccountTokenCreator", `--project=${project}`];
      return `${member.replace(/^\w+:/, "")} may not act as ${account}; whoever administers that account lets it: ${toShellCommand("gcloud", [...grant, ...role])}`;
    },
  ],
  [
    // The credentials on disk may be there and no longer valid; both are mended by logging in.
    /active account selected|refreshing your current auth|Reauthentication|invalid_grant|UNAUTHENTICATED/,
    () => "gcloud is not logged in; run: gcloud auth login",
  ],
  [
    /Request is prohibited by organization's policy|SECURITY_POLICY_VIOLATED|VPC Service Controls/,
    (_, { stderr }) => {
      const id = /vpcServiceControlsUniqueIdentifier\W+([\w-]+)/.exec(stderr)?.[1];
      return `the organisation's VPC Service Controls do not let this call through, and no role changes that; ask who runs them${id === undefined ? "" : `, with the identifier ${id}`}`;
    },
  ],
  [
    /has not been used in project|SERVICE_DISABLED|API \[([\w.]+)\] not enabled|API is not enabled/,
    (_, { stderr, project, region }) => {
      const api = /\b([a-z]+\.googleapis\.com)\b/.exec(stderr.replaceAll("console.developers.google", ""))?.[1];
      const command =
        api === undefined
          ? `npm run provision -- --project ${project} --region ${region}`
          : toShellCommand("gcloud", ["services", "enable", api, `--project=${project}`]);
      return `the API ${api ?? "that this needs"} is off in the project, or was switched on a moment ago; switch it on, and wait some minutes: ${command}`;
    },
  ],
  [
    /requires billing to be enabled|BILLING_DISABLED|billing account [^\n]*(disabled|closed|not found|is not open)|Billing must be enabled/i,
    (_, { project }) =>
      `the project has no open billing account; link one: ${toShellCommand("gcloud", ["billing", "projects", "link", project, "--billing-account=ACCOUNT"])}`,
  ],
  [
    /do not belong to a permitted customer|constraints\/iam\.allowedPolicyMemberDomains/,
    () =>
      "the organisation's policy forbids grants to members outside of it, allUsers too; to open a function all the same, use --no-invoker-iam-check instead of --allow-unauthenticated",
  ],
  [
    // Of the second text only a part is about billing: it is the same quota.
    /Max instances must be set to \d+ or fewer|maxScale may not exceed \d+/,
    (_, { args, stderr, region }) => {
      // One number each for CPU and memory: the smaller one fits.
      const numbers = [...stderr.matchAll(/(?:must be set to|may not exceed) (\d+)/g)].map(([, number]) =>
        Number(number),
      );
      const most = Math.min(...numbers);
      const more = "ask for more: https://cloud.google.com/run/quotas";
      if (most === 0) return `the project's Cloud Run quota in ${region} allows no instance of this size: ${more}`;
      const name = args[0] === "functions" ? `${args[2]}=` : args[0] === "run" ? `${args[3]}=` : "";
      return `the project's Cloud Run quota in ${region} allows ${most} instances: deploy with --max-instances ${name}${most}, or ${more}`;
    },
  ],
  [
    // Google's own accounts, which get their roles when their API is enabled.
    /Unable to retrieve the repository metadata|Service Agent \S+ (must have permission|does not have permission)|service-\d+@[\w.-]+[^\n]*(does not have|permission)|gcf-admin-robot|serverless-robot-prod/i,
    (_, { stderr }) =>
      `an account of Google's own in the project lacks a role that it gets by itself some minutes after its API is switched on; wait, and run the same again. Google says: ${toSentence(stderr)}`,
  ],
];

/**
 * Explains a failure whose cause is known by Google's words.
 *
 * @param member the caller, as IAM names it: `user:…`
 * @returns undefined where it is none of them
 */
function explainKnownCause(
  args: readonly string[],
  stderr: string,
  target: Target,
  member: string,
): string | undefined {
  for (const [words, explain] of causes) {
    const match = words.exec(stderr);
    if (match !== null) return explain(match, { ...target, args, stderr, member });
  }
  return undefined;
}

/** The line with the error, without gcloud's own name. */
function toSentence(stderr: string): string {
  const line = stderr.split("\n").find((text) => text.startsWith("ERROR:")) ?? stderr.trim().split("\n").at(-1) ?? "";
  return line.replace(/^ERROR: (\([\w.-]+\) )?/, "");
}

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
