import { vi } from "vitest";
import { useQuickGcloud } from "./testing/quick-gcloud.ts";
import { defineScenarios } from "./testing/scenarios.ts";

vi.mock("../../build/commit.ts", () => ({ readCommit: vi.fn(), hasUncommittedChanges: vi.fn(() => false) }));
vi.mock("../gcloud/gcloud.ts", { spy: true });

defineScenarios(async (cloud) => {
  useQuickGcloud(cloud);
  return async () => {
    vi.restoreAllMocks();
  };
}, false);
