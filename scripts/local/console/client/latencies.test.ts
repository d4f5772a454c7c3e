import { expect, it } from "vitest";
import { Latencies } from "./latencies.ts";

it("keeps a minute of seconds, each with its median and its slowest", () => {
  const latencies = new Latencies();
  latencies.add(1, 0);
  for (const ms of [30, 10, 20]) latencies.add(ms, 59_900);
  latencies.add(5, 61_000);
  expect(latencies.read(59_999)).toMatchObject([{ second: 0, median: 1 }, { second: 59 }, { second: 61 }].slice(1));
  expect(latencies.read(61_000)).toEqual([
    { second: 59, median: 20, slowest: 30 },
    { second: 61, median: 5, slowest: 5 },
  ]);
  expect(latencies.read(200_000)).toEqual([]);
});
