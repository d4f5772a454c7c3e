import { describe, vi } from "vitest";
import { openGcloud } from "../../testing/google-cloud/gcloud-environment.ts";
import { gcloudTimeout, hasGcloud } from "../../testing/google-cloud/sandbox.ts";
import { defineScenarios } from "./testing/scenarios.ts";

vi.mock("../../build/commit.ts", () => ({ readCommit: vi.fn(), hasUncommittedChanges: vi.fn(() => false) }));

describe.skipIf(!hasGcloud)("with the real gcloud", { timeout: gcloudTimeout }, () => {
  defineScenarios(async (cloud) => {
    const gcloud = await openGcloud(cloud);
    for (const [name, value] of Object.entries(gcloud.environment)) vi.stubEnv(name, value);
    return async () => {
      vi.unstubAllEnvs();
      await gcloud.close();
    };
    // In CI one case of each kind: the rest is in rollout.test.ts, without gcloud.
  }, process.env.CI !== undefined);
});
