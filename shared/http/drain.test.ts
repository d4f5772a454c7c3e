import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Drain, type Ending, onSignals } from "./drain.ts";

let seen: string[];
let closed: () => void;
const ending: Ending = {
  close: (onClosed) => {
    seen.push("close");
    closed = onClosed;
  },
  giveUp: () => seen.push("give up"),
  exit: () => {
    seen.push("exit");
    // They end with the process.
    vi.clearAllTimers();
  },
};

beforeEach(() => {
  vi.useFakeTimers();
  seen = [];
});
afterEach(() => void vi.useRealTimers());

it("ends at once when nothing is in flight", () => {
  const drain = new Drain();
  drain.enter();
  drain.leave();
  expect(drain.isDraining).toBe(false);
  drain.begin(ending);
  expect([drain.isDraining, seen]).toEqual([true, ["close"]]);
  closed();
  vi.advanceTimersByTime(10_000);
  expect(seen).toEqual(["close", "exit"]);
});

it("ends although an idle connection stays open", () => {
  new Drain().begin(ending);
  vi.advanceTimersByTime(299);
  expect(seen).toEqual(["close"]);
  vi.advanceTimersByTime(1);
  expect(seen).toEqual(["close", "exit"]);
});

it("ends once what is in flight has its answers, not before", () => {
  const drain = new Drain();
  drain.enter();
  drain.enter();
  drain.begin(ending);
  vi.advanceTimersByTime(2000);
  drain.leave();
  vi.advanceTimersByTime(2000);
  expect(seen).toEqual([]);
  drain.leave();
  expect(seen).toEqual(["close"]);
  closed();
  vi.advanceTimersByTime(10_000);
  expect(seen).toEqual(["close", "exit"]);
});

it("does nothing at a second signal", () => {
  const drain = new Drain();
  drain.enter();
  drain.begin(ending);
  vi.advanceTimersByTime(7000);
  drain.begin(ending);
  vi.advanceTimersByTime(999);
  expect(seen).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(seen).toEqual(["give up"]);
  drain.leave();
  closed();
  expect(seen).toEqual(["give up", "close", "exit"]);
  vi.advanceTimersByTime(10_000);
  expect(seen).toHaveLength(3);
});

it("gives up after 8 s, and ends before 9 s whatever is still there", () => {
  const drain = new Drain();
  drain.enter();
  drain.begin(ending);
  vi.advanceTimersByTime(8799);
  expect(seen).toEqual(["give up"]);
  vi.advanceTimersByTime(1);
  expect(seen).toEqual(["give up", "exit"]);
});

it("hears each signal, in place of those who listened before", () => {
  const before = ["SIGTERM", "SIGINT"].map((signal) => [signal, process.listeners(signal as "SIGTERM")] as const);
  let signals = 0;
  let others = 0;
  try {
    process.on("SIGTERM", () => others++);
    onSignals(() => signals++);
    process.emit("SIGTERM");
    process.emit("SIGTERM");
    process.emit("SIGINT");
    expect([signals, others]).toEqual([3, 0]);
  } finally {
    for (const [signal, listeners] of before) {
      process.removeAllListeners(signal);
      for (const listener of listeners) process.on(signal, listener);
    }
  }
});
