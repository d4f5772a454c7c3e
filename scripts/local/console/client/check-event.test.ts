import { expect, it } from "vitest";
import type { Domain } from "../../../../shared/events/domain.ts";
import { domains } from "../../../../shared/events/registry.ts";
import { checkEvent } from "./check-event.ts";

const events = Object.values<Domain>(domains).flatMap((domain) => Object.values(domain.events));

it.each(events)("finds no fault in the sample of $type", ({ sample }) => {
  expect(checkEvent(JSON.stringify(sample))).toEqual([]);
});

it.each([
  ["an empty array", "[]", [{ path: "", message: "A batch holds 1 to 1,000 events" }]],
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
  expect(checkEvent(text)).toEqual(faults.map((fault) => ({ ...fault, isWarning: false })));
});

it("says what is no JSON", () => {
  expect(checkEvent('{"a":}')).toEqual([
    { path: "", message: expect.stringMatching(/Unexpected token '}'/), isWarning: false },
  ]);
});

it("finds what a payload has that its schema does not allow, and that it is accepted all the same", () => {
  const payload = { items: [{ product_id: "", quantity: 0.5 }], total: "89", currency: "eur" };
  expect(checkEvent(JSON.stringify({ event_type: "order.placed", user_id: "u", order_id: "o", payload }))).toEqual(
    [
      ["payload.items.0.product_id", "must not be empty"],
      ["payload.items.0.quantity", "must be a whole number"],
      ["payload.items.0.quantity", "must be at least 1"],
      ["payload.total", "must be a number"],
      ["payload.currency", "must match /^[A-Z]{3}$/"],
    ].map(([path, message]) => ({ path, message, isWarning: true })),
  );
});

it("checks each event of an array, and says where it is", () => {
  const event = { event_type: "product.viewed", user_id: "u", payload: { product_id: "p" } };
  expect(checkEvent(JSON.stringify([event, { ...event, user_id: 1 }, 1])).map(({ path }) => path)).toEqual([
    "1.user_id",
    "2",
  ]);
});
