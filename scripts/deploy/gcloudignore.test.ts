import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runProgram } from "../common/run-program.ts";
import { gcloudTimeout, hasGcloud } from "../testing/google-cloud/sandbox.ts";

test.skipIf(!hasGcloud)(
  "gcloud, pointed at the project's root, takes what a build needs",
  { timeout: gcloudTimeout },
  async () => {
    const configuration = await mkdtemp(join(tmpdir(), "gcloud-"));
    const root = fileURLToPath(new URL("../../", import.meta.url));
    const { stdout } = await runProgram("gcloud", ["meta", "list-files-for-upload", root], {
      PATH: process.env.PATH,
      HOME: configuration,
      CLOUDSDK_CONFIG: configuration,
    });
    await rm(configuration, { recursive: true, force: true });
    const files = stdout.trim().split("\n");
    expect(files).toEqual(
      expect.arrayContaining([
        "esbuild.config.mjs",
        "functions/commerce.ts",
        "package-lock.json",
        "package.json",
        "shared/events/registry.ts",
      ]),
    );
    const unwanted = /^(node_modules|dist|docs|\.git|\.ci|\.env|scripts\/(?!build\/))|\.test\.ts$|\.md$/;
    expect(files.filter((file) => unwanted.test(file))).toEqual([]);
  },
);
