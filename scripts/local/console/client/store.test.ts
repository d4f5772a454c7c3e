import { expect, it } from "vitest";
import type { ConsoleMessage, Frame, Hello } from "../protocol.ts";
import { Store } from "./store.ts";

const hello: Hello = {
  run: "run-1",
  project: "p",
  broker: "embedded",
  fault: "none",
  counts: { commerce: { accepted: 2, refused: 0, failed: 0, arrived: 2 } },
};

function toFrame(fields: Partial<Frame>): Frame {
  return { messages: [], answers: [], skipped: 0, fault: "none", ...fields };
}

function toMessages(from: number, to: number): ConsoleMessage[] {
  return Array.from(
    { length: to - from + 1 },
    (_, index) => ({ seq: from + index, function: "commerce" }) as ConsoleMessage,
  );
}

it("counts what comes on top of what the greeting counted", () => {
  const store = new Store();
  store.welcome(hello);
  store.add(toFrame({ messages: toMessages(1, 3), answers: [{ function: "commerce", status: 503, ms: 1 }] }));
  expect(store.countsOf("commerce")).toEqual({ accepted: 2, refused: 0, failed: 1, arrived: 3 });
  expect(store.messages).toHaveLength(3);
});

it("goes on after a broken connection, and begins anew with another run of the stack", () => {
  const store = new Store();
  store.welcome(hello);
  store.add(toFrame({ messages: toMessages(1, 2) }));
  store.disconnect();
  expect(store.isConnected).toBe(false);
  store.welcome(hello);
  store.add(toFrame({ messages: toMessages(3, 3) }));
  expect(store.messages.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  store.welcome({ ...hello, run: "run-2" });
  expect(store.messages).toEqual([]);
});

it("forgets the oldest messages", () => {
  const store = new Store();
  store.welcome(hello);
  for (let start = 1; start < 6000; start += 1000) store.add(toFrame({ messages: toMessages(start, start + 999) }));
  expect(store.messages).toHaveLength(5000);
  expect(store.messages[0]?.seq).toBe(1001);
});
