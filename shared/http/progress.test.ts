import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { watchProgress } from "./progress.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** @returns the seconds after which a body is given up that gets this many bytes in each tenth of a second */
function run(options: { bytes?: number; isLarge?: boolean; isCrowded?: boolean; isPaused?: boolean }): number {
  const upload = { received: 0, isPaused: false, isLarge: false, isCrowded: false, ...options };
  let isStuck = false;
  const end = watchProgress(upload, () => {
    isStuck = true;
  });
  let tenths = 0;
  for (; tenths < 300 && !isStuck; tenths++) {
    upload.received += options.bytes ?? 0;
    vi.advanceTimersByTime(100);
  }
  end();
  // The watch of all bodies ends once none is left.
  vi.advanceTimersByTime(500);
  expect(vi.getTimerCount()).toBe(0);
  return tenths / 10;
}

it.each([
  ["without a byte", {}, 10.5],
  ["of 100 bytes a second", { bytes: 10 }, 12],
  ["of 4 kB a second", { bytes: 400 }, 18.5],
  ["of 250 kB a second", { bytes: 25_000, isLarge: true }, 18.5],
  ["that is large, of 10 kB a second", { bytes: 1000, isLarge: true }, 12.5],
  ["that is large, of 10 kB a second, while others wait", { bytes: 1000, isLarge: true, isCrowded: true }, 6.5],
  ["that is large, without a byte, while others wait", { isLarge: true, isCrowded: true }, 5.5],
  ["of 250 kB a second, while others wait", { bytes: 25_000, isLarge: true, isCrowded: true }, 18.5],
  ["that waits for room itself", { isPaused: true }, 18.5],
])("a body %s is given up after %d s", (_, options, seconds) => {
  expect(run(options)).toBe(seconds);
});

it("a body that comes between two ticks is not given up early", () => {
  const given: string[] = [];
  const upload = { received: 0, isPaused: false, isLarge: false, isCrowded: false };
  const ends = [watchProgress(upload, () => given.push("first"))];
  vi.advanceTimersByTime(400);
  ends.push(watchProgress(upload, () => given.push("second")));
  vi.advanceTimersByTime(9999);
  expect(given).toEqual([]);
  vi.advanceTimersByTime(600);
  expect(given).toEqual(["first", "second"]);
  for (const end of ends) end();
  vi.advanceTimersByTime(500);
});
