import { expect, it } from "vitest";
import type { Domain } from "../../../../shared/events/domain.ts";
import { domains } from "../../../../shared/events/registry.ts";
import { checkEvent } from "./check-event.ts";

const events = Object.values<Domain>(domains).flatMap((domain) => Object.values(domain.events));

it.each(events)("finds no fault in the sample of $type", ({ sample }) => {
  expect(checkEvent(JSON.stringify(sample))).toEqual([]);
});

it.each([
  ["an array", "[]", [{ path: "", message: "An event must be a JSON object" }]],
  ["no type", "{}", [{ path: "event_type", message: "is required" }]],
  [
    "a type by a name that every object has",
    '{"event_type":"constructor"}',
    [{ path: "event_type", message: "is no type that a function takes" }],
  ],
  [
    "every fault at once",
    '{"event_type":"order.placed","user_id":""}',
    [
      { path: "user_id", message: "must not be empty" },
      { path: "payload", message: "is required" },
      { path: "order_id", message: "is required" },
    ],
  ],
])("finds %s", (_, text, faults) => {
  expect(checkEvent(text)).toEqual(faults);
});

it("says what is no JSON", () => {
  expect(checkEvent('{"a":}')).toEqual([{ path: "", message: expect.stringMatching(/Unexpected token '}'/) }]);
});
