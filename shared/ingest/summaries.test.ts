import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createLog } from "../log.ts";
import { Summaries } from "./summaries.ts";

let lines: Record<string, unknown>[];
let summaries: Summaries;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance", "setImmediate"] });
  lines = [];
  summaries = create();
});
afterEach(() => {
  vi.useRealTimers();
});

function create(common = {}) {
  const log = createLog({ LOG_LEVEL: "error", ENVIRONMENT: "prod", GCP_PROJECT_ID: "p" }, (text) => {
    for (const line of text.trim().split("\n")) {
      const { environment: _, ...fields } = JSON.parse(line);
      lines.push(fields);
    }
  });
  return new Summaries(log, common);
}

function take(): Record<string, unknown>[] {
  vi.runAllTicks();
  vi.advanceTimersByTime(0);
  return lines.splice(0);
}

const refuse = (caller?: string, paths: string[] = ["user_id"]) =>
  summaries.count("Events refused", { event_type: "order.placed", code: "invalid_event", caller }, paths);

describe("a summary", () => {
  test("is written whatever the log level, once a minute for what belongs together", () => {
    refuse("checkout");
    refuse("checkout", ["user_id", "payload"]);
    refuse("search");
    summaries.count("Events refused", { event_type: undefined, code: "malformed_json", caller: undefined });
    summaries.count("Events accepted", { event_type: "order.placed", caller: "checkout" });
    const refused = {
      severity: "WARNING",
      message: "Events refused",
      event_type: "order.placed",
      code: "invalid_event",
    };
    expect(take()).toEqual([
      { ...refused, caller: "checkout", count: 1, paths: { user_id: 1 } },
      { ...refused, caller: "search", count: 1, paths: { user_id: 1 } },
      { severity: "WARNING", message: "Events refused", code: "malformed_json", count: 1 },
      { severity: "INFO", message: "Events accepted", event_type: "order.placed", caller: "checkout", count: 1 },
    ]);
    vi.advanceTimersByTime(59_999);
    summaries.sayDue(performance.now());
    refuse("checkout");
    summaries.sayDue(performance.now());
    expect(take()).toEqual([]);
    vi.advanceTimersByTime(1);
    summaries.sayDue(performance.now());
    expect(take()).toEqual([{ ...refused, caller: "checkout", count: 2, paths: { user_id: 2, payload: 1 } }]);
    vi.advanceTimersByTime(600_000);
    summaries.sayDue(performance.now());
    expect(take()).toEqual([]);
  });

  test("of a key waits a minute for itself, not for the others", () => {
    refuse("early");
    vi.advanceTimersByTime(50_000);
    summaries.sayDue(performance.now());
    refuse("late");
    refuse("early");
    refuse("late");
    take();
    vi.advanceTimersByTime(10_000);
    summaries.sayDue(performance.now());
    expect(take()).toMatchObject([{ caller: "early", count: 1 }]);
    vi.advanceTimersByTime(50_000);
    summaries.sayDue(performance.now());
    expect(take()).toMatchObject([{ caller: "late", count: 1 }]);
  });

  test("at the end says what is left, and nothing twice", () => {
    for (let i = 0; i < 10; i++) refuse("checkout");
    summaries.sayDue(Number.POSITIVE_INFINITY);
    summaries.sayDue(Number.POSITIVE_INFINITY);
    expect(take().map(({ count }) => count)).toEqual([1, 9]);
  });

  test("says where payloads are not looked at", () => {
    summaries = create({ payload_checks: "off" });
    summaries.count("Events accepted", { event_type: "order.placed", caller: "checkout" });
    expect(take()).toMatchObject([{ message: "Events accepted", payload_checks: "off" }]);
  });
});

test("20 paths are named, the rest are others; also what an object would take for its own", () => {
  const paths = ["__proto__", "constructor", ...Array.from({ length: 23 }, (_, i) => `payload.items.${i}.quantity`)];
  refuse("a");
  refuse("a", paths);
  refuse("a", paths);
  summaries.sayDue(Number.POSITIVE_INFINITY);
  const [, line] = take();
  const named = Object.entries(line?.paths as Record<string, number>);
  expect(named).toHaveLength(21);
  expect(named.slice(0, 3)).toEqual([
    ["__proto__", 2],
    ["constructor", 2],
    ["payload.items.0.quantity", 2],
  ]);
  expect(named.at(-1)).toEqual(["others", 10]);
});

test("10,000 callers are 65 lines a minute and kind, and the counts add up", () => {
  const counts = new Map<unknown, number>();
  const add = () => {
    const written = take();
    for (const { caller, count } of written) counts.set(caller, (counts.get(caller) ?? 0) + Number(count));
    return written.length;
  };
  for (let minute = 0; minute < 3; minute++) {
    for (let i = 0; i < 10_000; i++) refuse(`caller-${i}`);
    expect(add()).toBeLessThanOrEqual(65);
    vi.advanceTimersByTime(60_000);
    summaries.sayDue(performance.now());
    // Those of their own were said at once; the others wait.
    expect(add()).toBeLessThanOrEqual(65);
  }
  summaries.sayDue(Number.POSITIVE_INFINITY);
  add();
  expect(counts.size).toBe(65);
  expect(counts.get("caller-0")).toBe(3);
  expect(counts.get("others")).toBe(3 * (10_000 - 64));
});
