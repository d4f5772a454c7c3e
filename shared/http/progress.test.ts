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
  expect(vi.getTimerCount()).toBe(0);
  return tenths / 10;
}

it.each([
  ["without a byte", {}, 10],
  ["of 100 bytes a second", { bytes: 10 }, 11.5],
  ["of 4 kB a second", { bytes: 400 }, 18],
  ["of 250 kB a second", { bytes: 25_000, isLarge: true }, 18],
  ["that is large, of 10 kB a second", { bytes: 1000, isLarge: true }, 12],
  ["that is large, of 10 kB a second, while others wait", { bytes: 1000, isLarge: true, isCrowded: true }, 6],
  ["that is large, without a byte, while others wait", { isLarge: true, isCrowded: true }, 5],
  ["of 250 kB a second, while others wait", { bytes: 25_000, isLarge: true, isCrowded: true }, 18],
  ["that waits for room itself", { isPaused: true }, 18],
])("a body %s is given up after %d s", (_, options, seconds) => {
  expect(run(options)).toBe(seconds);
});
