import { vi } from "vitest";
import { GcloudError, runGcloud } from "../gcloud/gcloud.ts";
import { createQuickGcloud } from "./testing/quick-gcloud.ts";
import { defineScenarios } from "./testing/scenarios.ts";

vi.mock("../../build/commit.ts", () => ({ readCommit: vi.fn(), hasUncommittedChanges: vi.fn(() => false) }));
vi.mock("../gcloud/gcloud.ts", { spy: true });

defineScenarios(async (cloud) => {
  const quick = createQuickGcloud(cloud);
  vi.mocked(runGcloud).mockImplementation(quick);
  const { readGcloud } = await import("../gcloud/gcloud.ts");
  vi.mocked(readGcloud).mockImplementation(async (args) => {
    try {
      return JSON.parse(await quick(args));
    } catch (error) {
      if (error instanceof GcloudError && error.stderr.includes("Cannot find")) return undefined;
      throw error;
    }
  });
  return async () => {
    vi.restoreAllMocks();
  };
}, false);
