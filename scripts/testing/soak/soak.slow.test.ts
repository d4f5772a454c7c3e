import { expect, it } from "vitest";
import { runSoak } from "./run-soak.ts";

it("loses, alters and reorders nothing over 10,000 requests of 200 connections while Pub/Sub fails one call in five", {
  timeout: 300_000,
}, async () => {
  const report = await runSoak({
    connections: 200,
    usersPerConnection: 20,
    maxRequests: 10_000,
    maxMs: 240_000,
    outageEvery: 4000,
  });

  expect(report.sent).toBeGreaterThanOrEqual(10_000);
  expect(report.accepted).toBe(report.events);
  expect(report).toMatchObject({ lost: 0, altered: 0, outOfOrder: 0, others: [], errors: [], stderr: "", exitCode: 0 });
  // The faults were felt: retries of the function, and of the callers.
  expect(report.duplicates).toBeGreaterThan(0);
  expect([...report.retryable.keys()]).toContain("publish_unavailable");
});
