import { expect, it } from "vitest";
import type { ConsoleRecord, Outcome } from "../protocol.ts";
import { type Row, toLane, toMessageRow, toPreview, toRequestRow } from "./rows.ts";
import { type Entry, Store } from "./store.ts";

let seq = 0;

/** A request with events of user `u`, at a second of its own unless told otherwise. */
function request(number: number, ids: readonly string[], at = number * 1000, fields: object = {}): ConsoleRecord {
  const events = ids.map((id) => ({ type: "order.placed", user: "u", id, order: "" }));
  const facts = { kind: "request", seq: ++seq, at, request: number, function: "commerce" };
  return { ...facts, body: "{}", headers: [], isDry: false, events, ...fields } as never;
}

/** An answer whose accepted events became the messages `m1`, `m2` …, by the number of its request. */
function answer(number: number, statuses: readonly number[], status = statuses[0], fields: object = {}): ConsoleRecord {
  const outcomes = statuses.map(
    (each): Outcome => ({
      ...{ status: each, code: each < 400 ? "" : each < 500 ? "invalid_event" : "publish_timeout", id: "" },
      ...{ messageId: each < 400 ? `m${number}` : "", warnings: 0, ...fields },
    }),
  );
  const facts = { kind: "answer", seq: ++seq, at: 0, request: number, status, code: "", body: "{}" };
  return { ...facts, ms: 12, isDry: false, outcomes, ...fields } as never;
}

function attempt(number: number, ids: string | readonly string[], status: string): ConsoleRecord {
  return {
    kind: "attempt",
    seq: ++seq,
    at: 0,
    function: "commerce",
    attempt: number,
    ids: [ids].flat(),
    status,
  } as never;
}

function message(id: string, messageId = id): ConsoleRecord {
  const facts = { kind: "message", seq: ++seq, at: 0, body: "{}", user: "u" };
  return { ...facts, messageId, attributes: { event_id: id } } as never;
}

function toStore(...records: ConsoleRecord[]): Store {
  const store = new Store();
  store.add({ records, first: 0, isComplete: true, counts: {}, faults: {}, backlogs: [], page: "", buildError: "" });
  return store;
}

const toText = ({ label, notes }: Row) => [label, ...notes.map(({ text }) => text)].join(", ");
const toTexts = (store: Store) => toLane(store, "u").map(({ row }) => toText(row));
const lane = (store: Store) => toLane(store, "u").map(({ row: { state, isWrong } }) => (isWrong ? `${state}!` : state));
const rowOf = (store: Store) => toRequestRow(store.entries[0] as Entry);

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

it("says of each sending of one id what that sending was answered and led to, apart from what is on the topic", () => {
  const store = toStore(
    request(1, ["a"]),
    answer(1, [422]),
    request(2, ["a"]),
    ...["UNAVAILABLE", "UNAVAILABLE", "OK"].map((status, index) => attempt(index + 1, "a", status)),
    message("a", "m2"),
    answer(2, [202]),
    request(3, ["a"]),
    attempt(4, "a", "OK"),
    message("a", "m3"),
    answer(3, [202], 202, { warnings: 2 }),
    request(4, ["a"]),
    answer(4, [422]),
    request(5, ["a"]),
    attempt(5, "a", "CANCELLED"),
    answer(5, [504]),
  );
  const topic = "on the topic: 2 messages";
  expect(toTexts(store)).toEqual([
    `refused, 422 invalid_event, ${topic}`,
    `message m2, 3 attempts, ${topic}`,
    `message m3, 2 warnings, ${topic}`,
    `refused, 422 invalid_event, ${topic}`,
    `failed, 504 publish_timeout, ${topic}`,
  ]);
});

it("names no message of another sending where its own has not arrived, and none where it is its own alone", () => {
  const first = [request(1, ["a"]), message("a", "m1"), answer(1, [202])];
  expect(toTexts(toStore(...first))).toEqual(["message m1"]);
  expect(toTexts(toStore(...first, request(2, ["a"]), answer(2, [422])))).toEqual([
    "message m1",
    "refused, 422 invalid_event, on the topic: message m1",
  ]);
});

it("gives the attempts of sendings of one id that overlap to one after the other", () => {
  const store = toStore(
    request(1, ["a"]),
    request(2, ["a"]),
    request(3, ["a"]),
    answer(3, [422]),
    attempt(1, "a", "UNAVAILABLE"),
    attempt(2, "a", "OK"),
    attempt(3, "a", "OK"),
    answer(1, [202]),
    answer(2, [202]),
  );
  const numbers = store.entries.map(({ sendings }) => sendings[0]?.attempts.map((each) => each.attempt));
  expect(numbers).toEqual([[1, 2], [3], []]);
});

it("gives the attempts of an id that comes with the answer, and those of a batch, to whom they are of", () => {
  const store = toStore(
    request(1, [""]),
    request(2, ["b", "b"]),
    attempt(1, "evt", "UNAVAILABLE"),
    attempt(2, "evt", "OK"),
    attempt(3, ["b", "b"], "UNAVAILABLE"),
    attempt(4, ["b", "b"], "OK"),
    answer(1, [202], 202, { id: "evt" }),
    answer(2, [202, 202]),
  );
  const numbers = store.entries.flatMap(({ sendings }) => sendings.map((each) => each.attempts.length));
  expect(numbers).toEqual([2, 2, 2]);
  expect(toText(rowOf(store))).toBe("202, 2 attempts");
  expect(toText(toRequestRow(store.entries[1] as Entry))).toBe("202, up to 2 attempts");
});

it.each([
  ["in order", [request(1, ["a"]), request(2, ["b"]), message("a"), message("b")], ["waiting", "waiting"]],
  ["out of order", [request(1, ["a"]), request(2, ["b"]), message("b"), message("a")], ["waiting!", "waiting"]],
  ["out of order in a batch", [request(1, ["a", "b"]), message("b"), message("a")], ["waiting!", "waiting"]],
  [
    "a duplicate after a later event",
    [request(1, ["a"]), message("a"), request(2, ["b"]), message("b"), message("a", "again")],
    ["waiting", "waiting"],
  ],
  [
    "two that came together, of which nobody knows who was first",
    [request(1, ["a"], 1000), request(2, ["b"], 1010), message("b"), message("a")],
    ["waiting", "waiting"],
  ],
  [
    "one that failed and was sent again",
    [request(1, ["a"]), answer(1, [503]), request(2, ["b"]), message("b"), request(3, ["a"]), message("a")],
    ["failed", "waiting", "waiting"],
  ],
  [
    "one that was sent again and refused before its message arrived",
    [request(1, ["a"]), request(2, ["b"]), request(3, ["a"]), answer(3, [422]), message("a"), message("b")],
    ["waiting", "waiting", "refused"],
  ],
])("judges the order of first deliveries: %s", (_, records, expected) => {
  expect(lane(toStore(...records))).toEqual(expected);
});

it("counts a batch of which some are refused as such", () => {
  const store = toStore(request(1, ["a", "b"]), answer(1, [202, 422], 207));
  expect(rowOf(store)).toMatchObject({ state: "refused", label: "207", title: "2 × order.placed", id: "" });
  expect(toText(rowOf(store))).toBe("207, 1 of 2: invalid_event");
});

it("says of a request its warnings, its caller and its ids, and that an event was only checked", () => {
  const headers = [["PulseCart-Caller", "checkout"]];
  const store = toStore(request(1, ["a"], 0, { headers }), answer(1, [202], 202, { warnings: 1, ms: 1500 }));
  expect(rowOf(store)).toMatchObject({ caller: "checkout", id: "a", ms: 1500 });
  expect(toText(rowOf(store))).toBe("202, 1 warning");
  const events = [{ type: "order.placed", user: "u", id: "", order: "o" }];
  const dry = toStore(request(1, [], 0, { events, isDry: true }), answer(1, [200], 200, { isDry: true }));
  expect(rowOf(dry)).toMatchObject({ id: "o", caller: "", place: { kind: "request" } });
  expect(toText(rowOf(dry))).toBe("200, only checked");
  expect(toLane(dry, "u")).toEqual([]);
});

it("folds duplicates, and marks payload faults", () => {
  const store = toStore(message("a", "1"), message("a", "2"), message("a", "3"));
  const [first] = store.messages;
  expect(toText(toMessageRow(first as never, store.storyOf("a")))).toBe("message 1, 3 messages under this id");
  const faulty = { ...first, attributes: { event_id: "a", payload_faults: "payload.total" } };
  const row = toMessageRow(faulty as never, undefined);
  expect([row.state, toText(row)]).toEqual(["unsure", "message 1, payload faults: payload.total"]);
});

it.each([
  ['{"user_id":"u","payload":{"items":[{"a":1}],"at":{"b":2}}}', '"items":[{"a":1}],"at":{"b":2}'],
  ['[{"payload" : {"a":1} } ]', '"a":1'],
  ['{"payload":[]}', "[]"],
  ['{"payload":{},"user_id":"u"}', ""],
  ['{"payload":{"text":"}, \\" {"},"user_id":"u"}', '"text":"}, \\" {"'],
  [`{"payload":{"text":"${"x".repeat(300)}"}}`, `"text":"${"x".repeat(181)}`],
  ["no\nJSON", "no JSON"],
])("shows of %s what stands in its payload, without the braces around it", (body, preview) => {
  expect(toPreview(body)).toBe(preview);
});
