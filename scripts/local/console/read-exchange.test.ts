import { expect, it } from "vitest";
import { readAnswer, readEvents } from "./read-exchange.ts";

const event = '{"event_type":"order.placed","user_id":"u","event_id":"e","payload":{}}';
const ref = { type: "order.placed", user: "u", id: "e", order: "" };

it.each([
  ["an event", event, [ref]],
  ["an order's own id", event.replace('"payload"', '"order_id":"o","payload"'), [{ ...ref, order: "o" }]],
  [
    "an array",
    `[${event},{},1]`,
    [ref, { type: "", user: "", id: "", order: "" }, { type: "", user: "", id: "", order: "" }],
  ],
  ["what was cut", `${event.slice(0, -1)},"more":"`, [ref]],
  ["what is of other types", '{"event_type":1,"user_id":null}', [{ type: "", user: "", id: "", order: "" }]],
  ["nothing", "", []],
])("reads %s", (_, text, expected) => {
  expect(readEvents(text)).toEqual(expected);
});

it("reads lines, each an event or broken, also where there is only one", () => {
  const none = { type: "", user: "", id: "", order: "" };
  expect(readEvents(`\ufeff${event}\r\n\n\ufeff${event}\n{\n`, true)).toEqual([ref, ref, none]);
  expect(readEvents("{", true)).toEqual([none]);
});

it("keeps the beginning alone of an id or a type that no function takes", () => {
  const [read] = readEvents(
    JSON.stringify({ event_type: "t".repeat(9000), user_id: "\u20ac".repeat(9000), event_id: 1 }),
  );
  expect([read?.type.length, read?.user.length, read?.id]).toEqual([1100, 1100, ""]);
});

it("reads what an answer says of each event's faults, warnings behind them", () => {
  const [error, warning] = ["user_id", "payload.total"].map((path) => ({ path, message: "is wrong" }));
  const refused = { status: 422, code: "invalid_event", detail: "1 field", errors: [error], warnings: [warning] };
  const faults = [error, { ...warning, isWarning: true }];
  expect(readAnswer(JSON.stringify(refused), 422, 1).outcomes[0]).toMatchObject({ detail: "1 field", faults });
  expect(readAnswer(JSON.stringify({ results: [refused] }), 422, 1).outcomes[0]).toMatchObject({ faults });
});

it("reads what became of each event", () => {
  const none = { code: "", id: "", messageId: "", warnings: 0 };
  const warnings = [{ path: "payload.total", message: "is wrong" }];
  const accepted = { status: 202, event_id: "a", message_id: "7", warnings, warnings_omitted: 3 };
  const results = [accepted, { status: 422, code: "invalid_event" }, null];
  expect(readAnswer(JSON.stringify({ results }), 207, 3).outcomes).toEqual([
    { ...none, status: 202, id: "a", messageId: "7", warnings: 4, faults: [{ ...warnings[0], isWarning: true }] },
    { ...none, status: 422, code: "invalid_event" },
    { ...none, status: 0 },
  ]);
  const refused = { ...none, status: 413, code: "payload_too_large" };
  expect(readAnswer('{"code":"payload_too_large"}', 413, 2).outcomes).toEqual([refused, refused]);
  expect(readAnswer("no JSON", 200, 0).outcomes).toEqual([]);
});
