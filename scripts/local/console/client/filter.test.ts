import { describe, expect, it } from "vitest";
import type { ConsoleRecord } from "../protocol.ts";
import { listRows, noFilter } from "./filter.ts";
import { toFaults } from "./send.ts";
import { Store } from "./store.ts";

let seq = 0;

/** A request with its answer: each event by its user, its type, and the status that it gets. */
function exchange(request: number, status: number, ...events: readonly [user: string, type: string, status: number][]) {
  const refs = events.map(([user, type], index) => ({ user, type, id: `${request}.${index}`, order: "" }));
  const outcomes = events.map(([, type, each], index) => ({
    status: each,
    code: each === 422 ? "invalid_event" : "",
    id: `${request}.${index}`,
    warnings: each === 202 && type === "cart.abandoned" ? 1 : 0,
  }));
  return [
    {
      ...{ kind: "request", seq: ++seq, at: seq, request, method: "POST", path: "/events/batch", function: "commerce" },
      ...{ headers: [["Idempotency-Key", `key-${request}`]], body: "{}", gap: "", bytes: 2, events: refs },
    },
    { kind: "answer", seq: ++seq, at: seq, request, status, code: "", body: "{}", ms: request * 400, outcomes },
  ] as unknown as ConsoleRecord[];
}

const store = new Store();
store.add({
  records: [
    ...exchange(1, 202, ["ann", "order.placed", 202]),
    ...exchange(2, 207, ["ann", "order.placed", 202], ["ann", "cart.abandoned", 422], ["bob", "order.placed", 202]),
    ...exchange(3, 422, ["bob", "order.placed", 422]),
    ...exchange(4, 0, ["bob", "cart.abandoned", 0]),
    ...exchange(5, 405),
    ...exchange(6, 202, ["bob", "cart.abandoned", 202]),
  ],
  ...{ first: 1, isComplete: true, counts: {}, faults: {}, backlogs: [], page: "", buildError: "" },
});

const list = (filter: object, found: readonly number[] = []) =>
  listRows(store, { ...noFilter, ...filter }, new Set(found)).rows.map(({ key }) => key);

it.each([
  ["nothing", {}, ["r6", "r5", "r4", "r3", "r2", "r1"]],
  ["accepted ones, in part too", { status: "accepted" }, ["r6", "r2", "r1"]],
  ["refused ones, in part too", { status: "refused" }, ["r5", "r3", "r2"]],
  ["failed ones, whose caller had gone among them", { status: "failed" }, ["r4"]],
  ["a status of a whole batch", { status: "207" }, ["r2"]],
  ["a status of an event", { status: "422" }, ["r3", "r2"]],
  ["a type and a code", { type: "cart.abandoned", code: "invalid_event" }, ["r2"]],
  ["part of a user's id", { user: "bo" }, ["r6", "r4", "r3", "r2"]],
  ["part of a user's id and a status", { user: "bo", status: "422" }, ["r3", "r2"]],
  ["an Idempotency-Key", { text: "KEY-3" }, ["r3"]],
  ["an event's id", { text: "2.2" }, ["r2"]],
  ["warnings", { mark: "with warnings" }, ["r6"]],
  ["refusals, in part too", { mark: "refused" }, ["r5", "r3", "r2"]],
  ["1 s and more", { mark: "slow" }, ["r6", "r5", "r4", "r3"]],
  ["a mark and a user's part", { mark: "refused", user: "an" }, ["r2"]],
  ["what no row has", { type: "cart.abandoned", status: "405" }, []],
])("lists by %s", (_, filter, keys) => {
  expect(list(filter)).toEqual(keys);
});

it.each([
  ["alone", {}, ["e1.0", "e2.0", "e2.1"]],
  ["with a type", { type: "cart.abandoned" }, ["e2.1"]],
  ["with a status", { status: "accepted" }, ["e1.0", "e2.0"]],
  ["with a code", { code: "invalid_event" }, ["e2.1"]],
  ["with another function", { function: "system" }, []],
])("lists a user's events %s, of a batch only those that pass", (_, filter, keys) => {
  expect(list({ user: "ann", ...filter })).toEqual(keys);
});

it("lists what the recorder has found behind the beginning of a body", () => {
  expect(list({ text: "needle" }, [1])).toEqual(["r1"]);
});

it.each([
  [{}, { "with warnings": 1, retried: 0, refused: 3, slow: 4 }],
  [{ user: "an" }, { "with warnings": 0, retried: 0, refused: 1, slow: 0 }],
  [
    { user: "bob", mark: "slow" },
    { "with warnings": 1, retried: 0, refused: 1, slow: 3 },
  ],
  [{ view: "messages" }, { "with warnings": 0, retried: 0, refused: 0, slow: 0 }],
])("counts what has each mark, of what passes all else: %o", (filter, counts) => {
  expect(listRows(store, { ...noFilter, ...filter } as never, new Set()).counts).toEqual(counts);
});

describe("the check of an event", () => {
  const error = { path: "user_id", message: "is required" };
  const warning = { path: "payload.total", message: "must be a number" };

  it.each([
    ["nothing", { status: "valid" }, []],
    [
      "faults, then warnings",
      { code: "invalid_event", detail: "…", errors: [error], warnings: [warning] },
      [error, { ...warning, isWarning: true }],
    ],
    [
      "how many warnings it leaves out",
      { status: "valid", warnings: [warning], warnings_omitted: 7 },
      [
        { ...warning, isWarning: true },
        { path: "payload", message: "has 7 more", isWarning: true },
      ],
    ],
    [
      "a type that no function takes, and where it is",
      { code: "unknown_event_type", detail: "Unknown event_type: x" },
      [{ path: "", at: "event_type", message: "Unknown event_type: x" }],
    ],
    [
      "what is no JSON",
      { code: "malformed_json", detail: "Malformed JSON at position 5." },
      [{ path: "", at: "", message: "Malformed JSON at position 5." }],
    ],
    [
      "each event of a batch, by its place",
      {
        results: [{ status: 200 }, { code: "invalid_event", errors: [error] }, { code: "wrong_function", detail: "…" }],
      },
      [
        { path: "1.user_id", message: "is required" },
        { path: "2", at: "2.event_type", message: "…" },
      ],
    ],
  ])("reads from an answer: %s", (_, answer, faults) => {
    expect(toFaults(JSON.stringify(answer))).toEqual(faults);
  });
});
