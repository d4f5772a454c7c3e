import { cp, mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { functionNames } from "../../shared/events/registry.ts";
import { runProgram } from "../common/run-program.ts";
import { createFakeGcloud, emptyProject } from "../testing/google-cloud/fake-gcloud.ts";
import { gcloudTimeout, hasGcloud } from "../testing/google-cloud/sandbox.ts";
import { toDeployCommands, toFinishCommand } from "./deploy-commands.ts";
import { readDeployOptions } from "./deploy-options.ts";
import { decideSettings } from "./deploy-settings.ts";
import { toPreflightCommands } from "./gcloud/preflight.ts";
import { listAlertPolicies } from "./monitoring/alert-policies.ts";
import { logMetrics } from "./monitoring/log-metrics.ts";
import { readProvisionOptions } from "./provision-options.ts";

const here = ["--project", "shop-prod", "--region", "europe-west1"];

function runScript(script: "provision" | "deploy", args: readonly string[], path: string) {
  const file = fileURLToPath(new URL(`${script}.ts`, import.meta.url));
  return runProgram(process.execPath, [file, ...args], { PATH: path });
}

const loggedOut = `
  "version "*) echo '{"Google Cloud SDK": "528.0.0"}' ;;
  *) echo 'ERROR: (gcloud.projects.describe) You do not currently have an active account selected.' >&2; exit 1 ;;`;
const expired = `
  "version "*) echo '{"Google Cloud SDK": "528.0.0"}' ;;
  *) echo 'ERROR: (gcloud.projects.describe) There was a problem refreshing your current auth tokens: Reauthentication failed.' >&2; exit 1 ;;`;
const withoutAlpha = `
  "version "*) echo '{"Google Cloud SDK": "528.0.0", "beta": "2025.06.20"}' ;;`;
const foreignProject = `
  "version "*) echo '{"Google Cloud SDK": "528.0.0"}' ;;
  "config "*) echo dev@example.com ;;
  *) echo 'ERROR: (gcloud.projects.describe) [dev@example.com] does not have permission to access projects instance [shop-prod] (or it may not exist): The caller does not have permission' >&2; exit 1 ;;`;

test.each([
  [
    "too old",
    `\n  *) echo '{"Google Cloud SDK": "480.0.0"}' ;;`,
    "gcloud 480.0.0 is too old, 481 is needed; run: gcloud components update",
  ],
  ["logged out", loggedOut, "gcloud is not logged in; run: gcloud auth login"],
  ["logged in too long ago", expired, "gcloud is not logged in; run: gcloud auth login"],
  [
    "without access to the project",
    foreignProject,
    "permission resourcemanager.projects.get is missing; an owner of the project grants it with: gcloud projects add-iam-policy-binding shop-prod --member=user:dev@example.com --role=roles/browser --condition=None",
  ],
])("a gcloud that is %s is one line, and nothing is run", async (_, cases, line) => {
  const gcloud = await createFakeGcloud(cases);
  try {
    for (const script of ["provision", "deploy"] as const) {
      expect(await runScript(script, here, gcloud.path)).toEqual({ code: 1, stdout: "", stderr: `${line}\n` });
    }
    const commands = (await gcloud.calls()).map((call) => call.slice(0, 2).join(" "));
    expect(commands.filter((command) => !/^(version|projects describe|config)/.test(command))).toEqual([]);
  } finally {
    await gcloud.close();
  }
});

test("a gcloud without what --monitoring needs is one line, and nothing is run", async () => {
  const gcloud = await createFakeGcloud(withoutAlpha);
  try {
    expect(await runScript("provision", [...here, "--monitoring"], gcloud.path)).toEqual({
      code: 1,
      stdout: "",
      stderr: "gcloud's component alpha is missing, which --monitoring needs; run: gcloud components install alpha\n",
    });
    expect((await gcloud.calls()).map(([command]) => command)).toEqual(["version"]);
  } finally {
    await gcloud.close();
  }
});

test.each([
  [["--notify", "email:a@b.c"], "--notify needs --monitoring"],
  [["--runbook", "https://example.com/ops.md"], "--runbook needs --monitoring"],
  [
    ["--monitoring", "--notify", "oncall"],
    '--notify must be email:ADDRESS, such as email:oncall@example.com, not "oncall"',
  ],
  [["--monitoring", "--notify", 'email:a"b@c.d'], /^--notify must be email:ADDRESS/],
  [["--monitoring", "--runbook", "ops.md"], '--runbook must be an http or https URL without #, not "ops.md"'],
])("provision refuses %j", (args, message) => {
  expect(() => readProvisionOptions([...here, ...args])).toThrow(message);
});

test("a missing gcloud is one line", async () => {
  const { code, stderr } = await runScript("provision", here, "/nowhere");
  expect([code, stderr]).toEqual([
    1,
    "gcloud is not on the PATH; install it: https://cloud.google.com/sdk/docs/install\n",
  ]);
});

test.each([
  [["--projct", "p"], "Unknown option '--projct'; see --help"],
  [["--region", "europe-west1"], "--project is missing: the id of the Google Cloud project"],
  [["--project", "shop-prod"], "--region is missing: where the functions run, such as europe-west1"],
  [
    ["--project", "p; rm -rf /", "--region", "r"],
    `--project must be a project's id, such as pulsecart-prod, not "p; rm -rf /"`,
  ],
  [["--project", "shop-prod", "--region", "europe"], `--region must be a region, such as europe-west1, not "europe"`],
])("the command line %j is refused in one line", async (args, line) => {
  for (const script of ["provision", "deploy"] as const) {
    expect(await runScript(script, args, "/nowhere")).toEqual({ code: 2, stdout: "", stderr: `${line}\n` });
  }
});

test("--help needs neither gcloud nor a project", async () => {
  for (const script of ["provision", "deploy"] as const) {
    const { code, stdout } = await runScript(script, ["--help"], "/nowhere");
    expect([code, stdout.split("\n")[0]]).toEqual([
      0,
      `Usage: npm run ${script} -- --project P --region R [options]${script === "deploy" ? " [function…] [-- FLAG…]" : ""}`,
    ]);
  }
});

test("the dry run of provision prints, ready to paste, every command of a real run, and runs none", async () => {
  const args = [...here, "--monitoring", "--notify", "email:oncall@example.com"];
  const dryRun = await runScript("provision", [...args, "--dry-run"], "/nowhere");
  expect([dryRun.code, dryRun.stderr]).toEqual([0, ""]);
  expect(dryRun.stdout).toContain("# The project cannot be read (gcloud is not on the PATH;");

  const [pasted, real] = [await createFakeGcloud(emptyProject), await createFakeGcloud(emptyProject)];
  try {
    await runProgram("/bin/sh", ["-c", dryRun.stdout], { PATH: pasted.path });
    expect((await runScript("provision", args, real.path)).code).toBe(0);
    const printed = (await pasted.calls()).map((call) => call.join(" "));
    const needed = (await real.calls()).map((call) => call.join(" "));
    // Each is read and made; the channel's name is read once more, the dashboard checked before it is made.
    const monitored = listAlertPolicies(true).length + logMetrics.length + 2;
    expect(needed.length).toBe(2 + 2 * (4 + 8 * functionNames.length) + 2 * monitored + 2);
    expect(needed.filter((command) => !printed.includes(command))).toEqual([]);
    // Beside them only the updates, which an empty project does not need.
    expect(printed.filter((command) => !needed.includes(command) && !command.includes(" update "))).toEqual([]);
  } finally {
    await pasted.close();
    await real.close();
  }
});

test("the dry run of deploy prints, ready to paste, every command in its order, and runs none", async () => {
  const invoker = "serviceAccount:checkout@shop-prod.iam.gserviceaccount.com";
  const args = [...here, "commerce", "--invoker", invoker];
  const stranger = await createFakeGcloud(loggedOut);
  onTestFinished(() => stranger.close());
  const dryRun = await runScript("deploy", [...args, "--dry-run"], stranger.path);
  expect([dryRun.code, dryRun.stderr]).toEqual([0, ""]);
  expect(dryRun.stdout).toContain(
    "# What is deployed cannot be read (gcloud is not logged in; run: gcloud auth login).\n",
  );
  expect(dryRun.stdout).toContain("\nnode --run build\n");

  const options = readDeployOptions(args);
  if (options.help) throw new Error("--help was not given");
  const { choices } = options;
  const preflight = toPreflightCommands(choices.target);
  const wanted = decideSettings("commerce", choices, undefined, false);
  const { deploy, service, policy, invoke } = toDeployCommands("commerce", choices, wanted);
  const finish = toFinishCommand("commerce", choices.target, wanted, undefined);
  const gcloud = await createFakeGcloud(emptyProject);
  try {
    const script = dryRun.stdout.replace("node --run build", "");
    await runProgram("/bin/sh", ["-c", script], { PATH: gcloud.path });
    expect(await gcloud.calls()).toEqual([
      ...[preflight.version, preflight.projectNumber],
      ...[deploy, service, finish, policy, ...invoke.map(({ add }) => add)],
    ]);
  } finally {
    await gcloud.close();
  }
});

describe("what is uploaded", () => {
  const root = fileURLToPath(new URL("../../", import.meta.url));

  async function makeFolder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "gcloudignore-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    return folder;
  }

  /** The files that a gcloud command with the project's root as its source uploads. */
  async function listUpload(): Promise<string[]> {
    const configuration = await makeFolder();
    const { stdout } = await runProgram("gcloud", ["meta", "list-files-for-upload", root], {
      PATH: process.env.PATH,
      HOME: configuration,
      CLOUDSDK_CONFIG: configuration,
    });
    return stdout.trim().split("\n");
  }

  test.skipIf(!hasGcloud)(
    "what gcloud uploads of the project's root builds every function, and holds nothing else",
    { timeout: gcloudTimeout },
    async () => {
      const files = await listUpload();
      const unwanted = /^(node_modules|dist|docs|\.git|\.ci|\.env|scripts\/(?!build\/))|\.test\.ts$|\.md$/;
      expect(files.filter((file) => unwanted.test(file))).toEqual(["docs/calling.md"]);

      const folder = await makeFolder();
      for (const file of files) {
        await mkdir(join(folder, dirname(file)), { recursive: true });
        await cp(join(root, file), join(folder, file));
      }
      // As after `npm ci`.
      await symlink(join(root, "node_modules"), join(folder, "node_modules"));
      const build = await runProgram(process.execPath, ["--run", "build"], { PATH: process.env.PATH }, folder);
      expect(build).toMatchObject({ code: 0, stderr: "" });
      for (const name of functionNames) {
        expect(await readdir(join(folder, "dist", name))).toEqual(await readdir(join(root, "dist", name)));
      }
    },
  );
});
