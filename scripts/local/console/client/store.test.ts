import { expect, it } from "vitest";
import type {
  AnswerRecord,
  AttemptRecord,
  ConsoleRecord,
  Frame,
  Hello,
  MessageRecord,
  RequestRecord,
} from "../protocol.ts";
import { Store } from "./store.ts";

const hello: Hello = { run: "run-1", project: "p", broker: "embedded", pubsub: "127.0.0.1:1" };

function toFrame(records: readonly ConsoleRecord[], fields: Partial<Frame> = {}): Frame {
  return {
    records,
    first: 1,
    isComplete: true,
    counts: {},
    faults: {},
    backlogs: [],
    page: "",
    buildError: "",
    ...fields,
  };
}

function toRequest(seq: number, id = ""): RequestRecord {
  const events = [{ type: "order.placed", user: "u", id, order: "" }];
  return {
    ...{ kind: "request", seq, at: seq, request: seq, method: "POST", path: "/events/ingest", function: "commerce" },
    ...{ headers: [], body: "{}", gap: "", bytes: 2, events, isDry: false, isLines: false },
  } as RequestRecord;
}

function toAnswer(seq: number, request: number, id: string): AnswerRecord {
  const outcomes = [{ status: 202, code: "", id }];
  return { kind: "answer", seq, at: seq, request, status: 202, code: "", ms: 1, outcomes } as unknown as AnswerRecord;
}

function toMessage(seq: number, id: string, messageId = String(seq)): MessageRecord {
  return { kind: "message", seq, at: seq, messageId, attributes: { event_id: id } } as unknown as MessageRecord;
}

function toAttempt(seq: number, attempt: number, id: string, status: string): AttemptRecord {
  return { kind: "attempt", seq, at: seq, attempt, ids: [id], status } as unknown as AttemptRecord;
}

it("joins what it is told of one event, also where its id is in the answer alone", () => {
  const store = new Store();
  store.welcome(hello);
  store.add(
    toFrame([
      toRequest(1),
      toAttempt(2, 1, "e", ""),
      toAttempt(3, 1, "e", "UNAVAILABLE"),
      toAttempt(4, 2, "e", "OK"),
      toMessage(5, "e"),
      toMessage(6, "e"),
      toMessage(7, "e", "6"),
      toAnswer(8, 1, "e"),
    ]),
  );
  const story = store.storyOf("e");
  expect(story?.sendings.map(({ entry }) => entry.request.request)).toEqual([1]);
  expect(story?.attempts.map(({ status, at }) => [status, at])).toEqual([
    ["UNAVAILABLE", 2],
    ["OK", 4],
  ]);
  expect(story?.messages.map(({ messageId }) => messageId)).toEqual(["5", "6"]);
});

it("counts a request whose id is in both, request and answer, once", () => {
  const store = new Store();
  store.add(toFrame([toRequest(1, "e"), toAnswer(2, 1, "e")]));
  expect(store.storyOf("e")?.sendings).toHaveLength(1);
});

it("goes on after a broken connection, and begins anew with another run of the stack", () => {
  const store = new Store();
  store.welcome(hello);
  store.add(toFrame([toRequest(1)]));
  store.disconnect();
  expect(store.isConnected).toBe(false);
  store.welcome(hello);
  store.add(toFrame([toRequest(2)]));
  expect(store.entries).toHaveLength(2);
  store.welcome({ ...hello, run: "run-2" });
  expect(store.entries).toEqual([]);
});

it("forgets what the stack has forgotten, and all of it when it was cleared", () => {
  const store = new Store();
  store.add(toFrame(Array.from({ length: 5000 }, (_, index) => toRequest(index + 1))));
  store.add(toFrame([toRequest(5001)], { first: 3000 }));
  expect([store.entries.length, store.entries[0]?.request.seq]).toEqual([2002, 3000]);
  store.add(toFrame([], { first: 5002 }));
  expect(store.entries).toEqual([]);
});

it("says that the page is outdated once its sources have changed, not when it first hears of them", () => {
  let count = 0;
  const store = new Store(() => {
    count += 1;
  });
  for (const page of ["", "a", "a", ""]) store.add(toFrame([], { page }));
  expect(count).toBe(0);
  store.add(toFrame([], { page: "b" }));
  expect(count).toBe(1);
});
