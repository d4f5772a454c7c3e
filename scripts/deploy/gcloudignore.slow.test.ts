import { cp, mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { functionNames } from "../../shared/events/registry.ts";
import { runProgram } from "../common/run-program.ts";
import { gcloudTimeout, hasGcloud } from "../testing/google-cloud/sandbox.ts";

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
