import { expect, it } from "vitest";
import { readAnswer, readEvents } from "./read-exchange.ts";

const event = '{"event_type":"order.placed","user_id":"u","event_id":"e","payload":{}}';
const ref = { type: "order.placed", user: "u", id: "e" };

it.each([
  ["an event", event, [ref]],
  ["an array", `[${event},{},1]`, [ref, { type: "", user: "", id: "" }, { type: "", user: "", id: "" }]],
  ["lines", `${event}\n\n${event}\n`, [ref, ref]],
  ["what was cut", `${event.slice(0, -1)},"more":"`, [ref]],
  ["what is of other types", '{"event_type":1,"user_id":null}', [{ type: "", user: "", id: "" }]],
  ["nothing", "", []],
])("reads %s", (_, text, expected) => {
  expect(readEvents(text)).toEqual(expected);
});

it("reads what became of each event", () => {
  const results = [{ status: 202, event_id: "a" }, { status: 422, code: "invalid_event" }, null];
  expect(readAnswer(JSON.stringify({ results }), 207, 3).outcomes).toEqual([
    { status: 202, code: "", id: "a" },
    { status: 422, code: "invalid_event", id: "" },
    { status: 0, code: "", id: "" },
  ]);
  const refused = { status: 413, code: "payload_too_large", id: "" };
  expect(readAnswer('{"code":"payload_too_large"}', 413, 2).outcomes).toEqual([refused, refused]);
  expect(readAnswer("no JSON", 200, 0).outcomes).toEqual([]);
});
