import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { reuseFor } from "./reuse.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it("asks again when the answer is older than that", async () => {
  let asked = 0;
  const read = reuseFor(1000, async () => ++asked);
  expect(await Promise.all([read(), read()])).toEqual([1, 1]);
  vi.advanceTimersByTime(1000);
  expect(await read()).toBe(1);
  vi.advanceTimersByTime(1);
  expect(await read()).toBe(2);
});

it("shares a failure with those who wait for it, and asks again for the next", async () => {
  const outcomes = [Promise.reject(new Error("no token")), Promise.resolve("token")];
  const read = reuseFor(1000, () => outcomes.shift() as Promise<string>);
  const failing = [read(), read()];
  for (const promise of failing) await expect(promise).rejects.toThrow("no token");
  expect(await read()).toBe("token");
  expect(await read()).toBe("token");
});
