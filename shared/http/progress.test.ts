import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Problem } from "./problem.ts";
import { unwatchProgress, watchProgress } from "./progress.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** @returns after how many seconds a body is given up that gets this many bytes in each tenth of a second, and why */
function run(bytes: number): readonly [seconds: number, detail: string] {
  let detail = "";
  const upload = {
    received: 0,
    stop({ message }: Problem) {
      detail = message;
      unwatchProgress(upload);
    },
  };
  watchProgress(upload);
  let tenths = 0;
  for (; tenths < 300 && detail === ""; tenths++) {
    upload.received += bytes;
    vi.advanceTimersByTime(100);
  }
  // The watch of all bodies ends once none is left.
  vi.advanceTimersByTime(500);
  expect(vi.getTimerCount()).toBe(0);
  return [tenths / 10, detail];
}

const late = "The body was not complete after 18 s: compress it with gzip, send a smaller event, or use a faster link.";

it.each([
  ["without a byte", 0, 10.5, "Nothing came of the body for 10 s."],
  ["of 10 bytes a second", 1, 18.5, late],
  ["of 400 kB a second", 40_000, 18.5, late],
])("a body %s is given up after %d s", (_, bytes, seconds, detail) => {
  expect(run(bytes)).toEqual([seconds, detail]);
});

it("a body that comes between two ticks is not given up early", () => {
  const given: string[] = [];
  const watch = (name: string) => {
    const upload = {
      received: 0,
      stop() {
        given.push(name);
        unwatchProgress(upload);
      },
    };
    watchProgress(upload);
  };
  watch("first");
  vi.advanceTimersByTime(400);
  watch("second");
  vi.advanceTimersByTime(9999);
  expect(given).toEqual([]);
  vi.advanceTimersByTime(600);
  expect(given).toEqual(["first", "second"]);
  vi.advanceTimersByTime(500);
});
