import { expect, it } from "vitest";
import type { ConsoleRecord } from "../protocol.ts";
import { toLane, toMessageRow, toRequestRow } from "./rows.ts";
import { Store } from "./store.ts";

let seq = 0;

/** A request with events of user `u`, at a second of its own unless told otherwise. */
function request(number: number, ids: readonly string[], at = number * 1000): ConsoleRecord {
  const events = ids.map((id) => ({ type: "order.placed", user: "u", id }));
  return { kind: "request", seq: ++seq, at, request: number, function: "commerce", body: "{}", events } as never;
}

function answer(number: number, statuses: readonly number[], status = statuses[0]): ConsoleRecord {
  const outcomes = statuses.map((each) => ({ status: each, code: each < 400 ? "" : "invalid_event", id: "" }));
  return { kind: "answer", seq: ++seq, at: 0, request: number, status, code: "", body: "{}", outcomes } as never;
}

function attempt(number: number, id: string, status: string): ConsoleRecord {
  return { kind: "attempt", seq: ++seq, at: 0, attempt: number, ids: [id], status } as never;
}

function message(id: string, messageId = id): ConsoleRecord {
  return {
    kind: "message",
    seq: ++seq,
    at: 0,
    messageId,
    attributes: { event_id: id },
    body: "{}",
    user: "u",
  } as never;
}

function toStore(...records: ConsoleRecord[]): Store {
  const store = new Store();
  store.add({ records, first: 0, isComplete: true, counts: {}, faults: {}, page: "", buildError: "" });
  return store;
}

const lane = (store: Store) => toLane(store, "u").map(({ row: { state, isWrong } }) => (isWrong ? `${state}!` : state));

it("says of each event of a user how it is doing", () => {
  const store = toStore(
    request(1, ["arrived"]),
    message("arrived"),
    answer(1, [202]),
    request(2, ["refused"]),
    answer(2, [422]),
    request(3, ["failed"]),
    answer(3, [503]),
    request(4, ["retrying"]),
    attempt(1, "retrying", "UNAVAILABLE"),
    request(5, ["flying"]),
    attempt(2, "flying", ""),
    request(6, ["waiting"]),
  );
  expect(lane(store)).toEqual(["arrived", "refused", "failed", "retrying", "in flight", "waiting"]);
});

it.each([
  ["in order", [request(1, ["a"]), request(2, ["b"]), message("a"), message("b")], ["arrived", "arrived"]],
  ["out of order", [request(1, ["a"]), request(2, ["b"]), message("b"), message("a")], ["arrived!", "arrived"]],
  ["out of order in a batch", [request(1, ["a", "b"]), message("b"), message("a")], ["arrived!", "arrived"]],
  [
    "a duplicate after a later event",
    [request(1, ["a"]), message("a"), request(2, ["b"]), message("b"), message("a", "again")],
    ["arrived", "arrived"],
  ],
  [
    "two that came together, of which nobody knows who was first",
    [request(1, ["a"], 1000), request(2, ["b"], 1010), message("b"), message("a")],
    ["arrived", "arrived"],
  ],
  [
    "one that failed and was sent again",
    [request(1, ["a"]), answer(1, [503]), request(2, ["b"]), message("b"), request(3, ["a"]), message("a")],
    ["arrived", "arrived", "arrived"],
  ],
])("judges the order of first deliveries: %s", (_, records, expected) => {
  expect(lane(toStore(...records))).toEqual(expected);
});

it("counts a batch of which some are refused as such", () => {
  const store = toStore(request(1, ["a", "b"]), answer(1, [202, 422], 207));
  expect(toRequestRow(store.entries[0] as never)).toMatchObject({
    state: "refused",
    label: "207",
    note: "1 of 2: invalid_event",
    title: "2 × order.placed",
  });
});

it("folds duplicates, and marks payload faults", () => {
  const store = toStore(message("a", "1"), message("a", "2"), message("a", "3"));
  const [first] = store.messages;
  expect(toMessageRow(first as never, store.storyOf("a")).copies).toBe(3);
  const faulty = { ...first, attributes: { event_id: "a", payload_faults: "payload.total" } };
  expect(toMessageRow(faulty as never, undefined)).toMatchObject({ state: "unsure", note: "faults: payload.total" });
});
