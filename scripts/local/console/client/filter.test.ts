import { expect, it } from "vitest";
import type { ConsoleRecord } from "../protocol.ts";
import { noFilter, toRows } from "./filter.ts";
import { Store } from "./store.ts";

let seq = 0;

/** A request with its answer: each event by its user, its type, and the status that it gets. */
function exchange(request: number, status: number, ...events: readonly [user: string, type: string, status: number][]) {
  const refs = events.map(([user, type], index) => ({ user, type, id: `${request}.${index}` }));
  const outcomes = events.map(([, , each], index) => ({
    status: each,
    code: each === 422 ? "invalid_event" : "",
    id: `${request}.${index}`,
  }));
  return [
    {
      ...{ kind: "request", seq: ++seq, at: seq, request, method: "POST", path: "/events/batch", function: "commerce" },
      ...{ headers: [["Idempotency-Key", `key-${request}`]], body: "{}", gap: "", bytes: 2, events: refs },
    },
    { kind: "answer", seq: ++seq, at: seq, request, status, code: "", body: "{}", ms: 1, outcomes },
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
  ],
  ...{ first: 1, isComplete: true, counts: {}, faults: {}, page: "", buildError: "" },
});

const list = (filter: object, found: readonly number[] = []) =>
  toRows(store, { ...noFilter, ...filter }, new Set(found)).map(({ key }) => key);

it.each([
  ["nothing", {}, ["r5", "r4", "r3", "r2", "r1"]],
  ["accepted ones, in part too", { status: "accepted" }, ["r2", "r1"]],
  ["refused ones, in part too", { status: "refused" }, ["r5", "r3", "r2"]],
  ["failed ones, whose caller had gone among them", { status: "failed" }, ["r4"]],
  ["a status of a whole batch", { status: "207" }, ["r2"]],
  ["a status of an event", { status: "422" }, ["r3", "r2"]],
  ["a type and a code", { type: "cart.abandoned", code: "invalid_event" }, ["r2"]],
  ["part of a user's id", { user: "bo" }, ["r4", "r3", "r2"]],
  ["part of a user's id and a status", { user: "bo", status: "422" }, ["r3", "r2"]],
  ["an Idempotency-Key", { text: "KEY-3" }, ["r3"]],
  ["an event's id", { text: "2.2" }, ["r2"]],
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
