import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { functionNames } from "../../shared/events/registry.ts";
import { runProgram } from "../common/run-program.ts";
import { readDeployOptions } from "./deploy-options.ts";
import { buildServiceAccountId, toServiceAccountId } from "./target.ts";

const page = await readFile(new URL("../../docs/ci.md", import.meta.url), "utf8");
const project = "pulsecart-prod";

/** The scripts of Cloud Build's steps: each with its image, and as the shell gets it. */
const steps = [...page.matchAll(/- id: (\w+)\n {4}name: (\S+)[\s\S]*?- \|\n((?: {8}.*\n)+)/g)].map(
  ([, id = "", image = "", text = ""]) => ({
    id,
    image,
    script: text.replaceAll(/(?<!\$)\$PROJECT_ID/g, project).replaceAll("$$", "$"),
  }),
);

/** What each image has, of what the scripts might call: Google's slim image has no npm. */
const programs: Readonly<Record<string, readonly string[]>> = {
  "node:24": ["bash", "git", "node", "npm"],
  "gcr.io/google.com/cloudsdktool/google-cloud-cli:528.0.0-slim": ["bash", "git", "gcloud"],
};

/** Runs a script where there are these programs and no others; each but bash notes its call. @returns the calls */
async function run(
  script: string,
  names: readonly string[],
  gitFails = false,
): Promise<{ code: number | null; calls: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), "ci-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const log = join(folder, "calls");
  const place = async (path: string, name: string) => {
    await mkdir(path, { recursive: true });
    const code = name === "git" && gitFails ? 1 : 0;
    await writeFile(join(path, name), `#!/bin/sh\necho "${name} $*" >> '${log}'\nexit ${code}\n`);
    await chmod(join(path, name), 0o755);
  };
  const path = join(folder, "bin");
  await mkdir(path);
  for (const name of names) if (name !== "bash") await place(path, name);
  await symlink("/bin/bash", join(path, "bash"));
  // What the first step has installed.
  await place(join(folder, "node_modules", "node", "bin"), "node");
  const { code } = await runProgram("/bin/bash", ["-ec", script], { PATH: path }, folder);
  return { code, calls: (await readFile(log, "utf8").catch(() => "")).trim().split("\n") };
}

test("names of accounts and pools are ones that the API takes, and CI acts as the functions' accounts alone", () => {
  const accounts = [...page.matchAll(/service-accounts create (\S+)/g)].map(([, id]) => id);
  expect(accounts).toEqual([expect.stringMatching(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/)]);
  const pools = [...page.matchAll(/(?:workload-identity-pools create|create-oidc) (\S+)/g)].map(([, id]) => id);
  for (const pool of pools) expect(pool).toMatch(/^(?!gcp-)[a-z0-9-]{4,32}$/);
  const [, names = ""] = /^for name in (.*); do\n.*add-iam-policy-binding pulsecart-\$name@/m.exec(page) ?? [];
  const wanted = [...functionNames.map(toServiceAccountId), buildServiceAccountId];
  expect(
    names
      .split(" ")
      .map((name) => `pulsecart-${name}`)
      .sort(),
  ).toEqual(wanted.sort());
  expect(page.match(/for role in .*/)?.[0]).not.toContain("iam.serviceAccountUser");
});

test("actions are of releases that still run, and no repository's name is trusted", () => {
  const oldest: Readonly<Record<string, number>> = { checkout: 5, "setup-node": 5, auth: 3, "setup-gcloud": 3 };
  const used = [...page.matchAll(/uses: [\w-]+\/([\w-]+)@v(\d+)/g)];
  expect(used.length).toBeGreaterThan(5);
  for (const [, action = "", version] of used) expect([action, Number(version)]).toEqual([action, oldest[action]]);
  expect(page).not.toMatch(/assertion\.repository\b(?!_id)/);
  for (const api of ["sts", "iamcredentials"])
    expect(page).toMatch(new RegExp(`services enable .*${api}\\.googleapis\\.com`));
});

test.each(steps)("Cloud Build's step $id runs with what $image has", async ({ image, script }) => {
  const { code, calls } = await run(script, programs[image] ?? []);
  expect([code, calls.length > 0]).toEqual([0, true]);
});

test("there are three steps, and the last one's command line is one that deploy takes", async () => {
  expect(steps.map(({ id }) => id)).toEqual(["gate", "test", "deploy"]);
  const { calls } = await run(steps[2]?.script ?? "", []);
  const args = calls[0]?.split(" ") ?? [];
  expect(args.slice(0, 4)).toEqual(["node", "--run", "deploy", "--"]);
  const account = `pulsecart-ci@${project}.iam.gserviceaccount.com`;
  expect(readDeployOptions(args.slice(4))).toMatchObject({
    gradual: { stepMs: 600_000 },
    account,
    choices: { invokers: [`serviceAccount:${account}`] },
  });
});

test.each([
  ["there", false, "before"],
  ["zeros, or gone after a force-push", true, "HEAD^"],
])("the gate on GitHub, where what was there before is %s", async (_, gitFails, base) => {
  const [, script = ""] = /run: \|\n((?: {10}.*\n)*? {10}npm run contract.*\n)/.exec(page) ?? [];
  const { code, calls } = await run(`BASE=before\n${script}`, ["bash", "git", "npm"], gitFails);
  expect([code, calls]).toEqual([0, ["git cat-file -e before^{commit}", `npm run contract -- --base ${base}`]]);
});
