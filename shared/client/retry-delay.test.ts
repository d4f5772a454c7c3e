import { afterEach, expect, it, vi } from "vitest";
import { readRetryAfter, toRetryDelay } from "./retry-delay.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

it.each([
  [1, 200],
  [2, 400],
  [6, 6400],
  [10, 20_000],
  [2000, 20_000],
])("after %i attempts there is up to %i ms of jitter, from none", (attempts, most) => {
  const random = vi.spyOn(Math, "random").mockReturnValue(0);
  expect(toRetryDelay(attempts, 0)).toBe(0);
  random.mockReturnValue(1);
  expect(toRetryDelay(attempts, 0)).toBe(most);
  expect(toRetryDelay(attempts, 2000)).toBe(2000 + most);
});

it.each([
  ["3", 3000],
  [" 3 ", 3000],
  ["0", 0],
  ["-5", 0],
  ["soon", 0],
  ["", 0],
  ["1e9", 0],
  ["Wed, 21 Oct 2015 07:28:10 GMT", 10_000],
  ["Wednesday, 21-Oct-15 07:28:10 GMT", 10_000],
  ["Wed, 21 Oct 2015 07:27:00 GMT", 0],
])("Retry-After: %s means at least %i ms", (header, least) => {
  vi.spyOn(Date, "now").mockReturnValue(Date.parse("2015-10-21T07:28:00Z"));
  expect(readRetryAfter(header, null)).toBe(least);
});

it("reads a date against the answer's own clock, where it has one", () => {
  const [date, until] = ["Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:30 GMT"];
  expect(readRetryAfter(until, date)).toBe(30_000);
  expect(readRetryAfter("7", date)).toBe(7000);
});
