import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, inject, it, vi } from "vitest";
import { type FunctionProcess, startFunction } from "../../scripts/testing/function-process.ts";
import { post } from "../../scripts/testing/post.ts";

let running: FunctionProcess;

beforeAll(async () => {
  running = await startFunction("commerce", { endpoint: inject("pubsub"), project: "stdout" });
});
afterAll(() => running.stop());

it("a stdout that nobody reads holds nobody up and fills no memory; afterwards it says how many lines are missing", async () => {
  const body = gzipSync("{}\n".repeat(1000));
  const headers = { "content-type": "application/x-ndjson", "content-encoding": "gzip" };
  running.setReading(false);
  const before = await running.peakMemoryMiB();
  // 100,000 lines of 200 bytes.
  for (let i = 0; i < 100; i++) {
    expect((await post(`${running.url}/events/batch`, body, headers)).status).toBe(422);
  }
  expect((await running.peakMemoryMiB()) - before).toBeLessThan(90);
  running.setReading(true);
  const isNotice = ({ message }: Readonly<Record<string, unknown>>) => `${message}`.startsWith("Log lines dropped");
  await vi.waitUntil(() => running.logs.some(isNotice), { timeout: 20_000 });
  const refused = running.logs.filter(({ message }) => message === "Event refused").length;
  expect(refused).toBeGreaterThan(10_000);
  expect(running.logs.find(isNotice)?.count).toBe(100_000 - refused);
});
