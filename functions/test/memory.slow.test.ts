import { describe, expect, it } from "vitest";
import { hostileCases } from "../../scripts/testing/hostile-load/cases.ts";
import { measureHostileCase } from "../../scripts/testing/hostile-load/measure.ts";

/** Two of the worst; `npm run bench -- memory` runs all. */
const chosen = [
  ["answers", "80 events of 8.9 MiB, gzip of noise"],
  ["hangs", "80 events of 1.1 MiB"],
] as const;

describe("an instance of 512 MiB outlives its callers, and answers each of them", () => {
  it.each(chosen)("Pub/Sub %s: %s", { timeout: 180_000 }, async (pubsub, name) => {
    const chosenCase = hostileCases.find((item) => item.pubsub === pubsub && item.name === name);
    if (!chosenCase) throw new Error("There is no such case.");
    const { peakMiB, statuses } = await measureHostileCase(chosenCase);
    expect(peakMiB).toBeLessThan(400);
    expect(Object.values(statuses).reduce((sum, count) => sum + count, 0)).toBe(80);
    for (const status of Object.keys(statuses)) expect(["202", "408", "503", "504"]).toContain(status);
  });
});
