import { afterAll, afterEach, describe, expect, it } from "vitest";
import { DoctoredTree, type Edit } from "./testing/doctored-tree.ts";

/** Each case is a process or several, on a machine that has others to run. */
const TIMEOUT_MS = 120_000;

const commerce = "shared/events/commerce.ts";
const helpers = "shared/events/payload.ts";
const envelope = "shared/events/envelope.ts";
const message = "shared/events/message.ts";

/** The members of `cart.abandoned`, which the tree's first commit enforces, with more of them. */
const cart = `cart_id: id,
        items: itemsOf({ product_id: id, quantity: positiveCount }),
        total: v.optional(amount),`;
const members = `cart_id: id,
        items: itemsOf({ product_id: id, quantity: positiveCount }),
        total: v.optional(amount),
        coupon: v.optional(v.string()),
        level: v.optional(v.picklist(["gold", "silver"])),
        code: v.optional(v.pipe(v.string(), v.minLength(2), v.maxLength(10))),
        share: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
        via: v.optional(v.variant("kind", [v.looseObject({ kind: v.literal("web") }), v.looseObject({ kind: v.literal("app"), version: v.string() })])),
        tags: v.optional(v.array(v.string())),
        labels: v.optional(v.record(v.string(), v.string())),
        note: v.optional(v.pipe(v.string(), v.check((text) => !text.includes("!"), "must not shout"))),`;

const tree = new DoctoredTree([
  { file: commerce, from: cart, to: members },
  {
    file: commerce,
    from: 'description: "A shopper left a filled cart behind.",',
    to: 'description: "A shopper left a filled cart behind.",\n      enforce: true,',
  },
]);
afterEach(() => tree.reset());
afterAll(() => tree.close());

const swap = (from: string, to: string, file = commerce): Edit => ({ file, from, to });
const refused = "events accepted today would be refused";
const unexpected = "a consumer of yesterday would get what it does not expect";

/** What is changed, the exit code, and the lines. `cart.abandoned` is enforced, the others are in report mode. */
const rows: readonly [name: string, edits: readonly Edit[], code: number, lines: readonly string[]][] = [
  ["nothing", [], 0, []],
  [
    "optional → required",
    [
      swap("coupon: v.optional(v.string())", "coupon: v.string()"),
      swap('payload: { cart_id: "cart_99012",', 'payload: { coupon: "x", cart_id: "cart_99012",'),
    ],
    1,
    [`cart.abandoned payload.coupon  BACKWARD  required added: ${refused}`],
  ],
  [
    "optional → required in report mode",
    [swap("currency: v.optional(currency),\n        shipping", "currency,\n        shipping")],
    0,
    ["order.placed payload.currency  COMPATIBLE  required added"],
  ],
  [
    "required → optional",
    [swap("total: amount,\n        currency", "total: v.optional(amount),\n        currency")],
    1,
    ["order.placed payload.total  FORWARD  required removed: a consumer of yesterday counts on it"],
  ],
  [
    "a required member added",
    [
      swap("cart_id: id,", "cart_id: id, device: id,"),
      swap('payload: { cart_id: "cart_99012",', 'payload: { device: "x", cart_id: "cart_99012",'),
    ],
    1,
    [`cart.abandoned payload.device  BACKWARD  required added: ${refused}`],
  ],
  [
    "a required member removed",
    [swap("cart_id: id,\n", "")],
    1,
    ["cart.abandoned payload.cart_id  FORWARD  required removed: a consumer of yesterday counts on it"],
  ],
  [
    "an optional member added",
    [swap("cart_id: id,", "cart_id: id, device: v.optional(id),")],
    0,
    ["cart.abandoned payload.device  COMPATIBLE  optional property added"],
  ],
  [
    "an optional member removed",
    [swap("        coupon: v.optional(v.string()),\n", "")],
    1,
    [
      "cart.abandoned payload.coupon  FORWARD  optional property removed: nothing checks what a consumer of yesterday reads",
    ],
  ],
  [
    "another type",
    [swap("coupon: v.optional(v.string())", "coupon: v.optional(v.number())")],
    1,
    [
      `cart.abandoned payload.coupon  BACKWARD  type changed from string to number: ${refused}`,
      `cart.abandoned payload.coupon  FORWARD  type changed from string to number: ${unexpected}`,
    ],
  ],
  [
    "a type narrowed",
    [swap("share: v.optional(v.pipe(v.number(),", "share: v.optional(v.pipe(v.number(), v.integer(),")],
    1,
    [`cart.abandoned payload.share  BACKWARD  type narrowed from number to integer: ${refused}`],
  ],
  [
    "a type widened",
    [swap("coupon: v.optional(v.string())", "coupon: v.optional(v.nullable(v.string()))")],
    1,
    [`cart.abandoned payload.coupon  FORWARD  anyOf member added: null: ${unexpected}`],
  ],
  [
    "an enum narrowed",
    [swap('v.picklist(["gold", "silver"])', 'v.picklist(["gold"])')],
    1,
    [`cart.abandoned payload.level  BACKWARD  enum narrowed: "silver" removed: ${refused}`],
  ],
  [
    "an enum widened",
    [swap('v.picklist(["gold", "silver"])', 'v.picklist(["gold", "silver", "tin"])')],
    1,
    [`cart.abandoned payload.level  FORWARD  enum widened: "tin" added: ${unexpected}`],
  ],
  [
    "a bound narrowed",
    [swap("v.maxLength(10)", "v.maxLength(9)")],
    1,
    [`cart.abandoned payload.code  BACKWARD  maxLength narrowed from 10 to 9: ${refused}`],
  ],
  [
    "a bound widened",
    [swap("v.minLength(2)", "v.minLength(1)")],
    1,
    [`cart.abandoned payload.code  FORWARD  minLength widened from 2 to 1: ${unexpected}`],
  ],
  [
    "a bound that excludes its value",
    [swap("v.maxValue(1)", "v.ltValue(1)")],
    1,
    [`cart.abandoned payload.share  BACKWARD  maximum narrowed from 1 to 1 (exclusive): ${refused}`],
  ],
  [
    "a bound of items, for every type that has it",
    [swap("MAX_ITEMS = 500", "MAX_ITEMS = 501", helpers)],
    1,
    [
      `order.placed payload.items  FORWARD  maxItems widened from 500 to 501: ${unexpected}`,
      `cart.abandoned payload.items  FORWARD  maxItems widened from 500 to 501: ${unexpected}`,
    ],
  ],
  [
    "a pattern added",
    [swap("coupon: v.optional(v.string())", "coupon: v.optional(v.pipe(v.string(), v.regex(/^[A-Z]+$/)))")],
    1,
    [`cart.abandoned payload.coupon  BACKWARD  pattern added: ${refused}`],
  ],
  [
    "a pattern changed in report mode",
    [swap("/^[A-Z]{3}$/", "/^[A-Z]{3,4}$/", helpers)],
    1,
    [
      `order.placed payload.currency  FORWARD  pattern changed: ${unexpected}`,
      `payment.failed payload.currency  FORWARD  pattern changed: ${unexpected}`,
      `cart.item_added payload.currency  FORWARD  pattern changed: ${unexpected}`,
    ],
  ],
  [
    "a pattern of the envelope",
    [swap("{1,128}$/;", "{1,64}$/;", envelope)],
    1,
    [`order.placed event_id  BACKWARD  pattern changed: ${refused}`],
  ],
  [
    "items of another kind",
    [swap("tags: v.optional(v.array(v.string()))", "tags: v.optional(v.array(v.number()))")],
    1,
    [`cart.abandoned payload.tags.*  BACKWARD  type changed from string to number: ${refused}`],
  ],
  [
    "a member within items",
    [
      swap(
        "items: itemsOf({ product_id: id, quantity: positiveCount }),\n        total: v.optional(amount)",
        "items: itemsOf({ product_id: id, quantity: v.optional(positiveCount) }),\n        total: v.optional(amount)",
      ),
    ],
    1,
    ["cart.abandoned payload.items.*.quantity  FORWARD  required removed: a consumer of yesterday counts on it"],
  ],
  [
    "a union's member added",
    [
      swap(
        'v.looseObject({ kind: v.literal("web") }),',
        'v.looseObject({ kind: v.literal("web") }), v.looseObject({ kind: v.literal("shop") }),',
      ),
    ],
    1,
    [`cart.abandoned payload.via  FORWARD  oneOf member added: kind=shop: ${unexpected}`],
  ],
  [
    "a union's member removed",
    [swap('v.looseObject({ kind: v.literal("web") }), ', "")],
    1,
    [`cart.abandoned payload.via  BACKWARD  oneOf member removed: kind=web: ${refused}`],
  ],
  [
    "a union's member changed",
    [swap("version: v.string()", "version: v.number()")],
    1,
    [`cart.abandoned payload.via.version  BACKWARD  type changed from string to number: ${refused}`],
  ],
  [
    "a record's values",
    [swap("v.record(v.string(), v.string())", "v.record(v.string(), v.pipe(v.string(), v.minLength(1)))")],
    1,
    [`cart.abandoned payload.labels.*  BACKWARD  minLength narrowed from 0 to 1: ${refused}`],
  ],
  [
    "a type removed",
    [swap('"payment.failed": {', '"payment.declined": {'), swap("provider: v.optional(v.string()),", "")],
    1,
    [
      `payment.failed  BACKWARD  type removed: ${refused}`,
      "payment.failed  FORWARD  type removed: its messages no longer arrive",
      "payment.declined  COMPATIBLE  type added",
    ],
  ],
  [
    "a type renamed",
    [swap('"payment.failed": {', '"payment.declined": {')],
    1,
    [
      `payment.failed  BACKWARD  renamed to payment.declined: ${refused}`,
      "payment.failed  FORWARD  renamed to payment.declined: its messages no longer arrive",
      "payment.declined  COMPATIBLE  type added",
    ],
  ],
  [
    "another topic",
    [swap("pulsecart.commerce-events", "pulsecart.orders")],
    1,
    [
      "order.placed topic  FORWARD  moved from pulsecart.commerce-events to pulsecart.orders: subscriptions of the old topic no longer get it",
    ],
  ],
  [
    "an attribute that is gone",
    [swap("  verification: v.optional(", "  check: v.optional(", message)],
    1,
    [
      "order.placed attributes.verification  FORWARD  optional property removed: nothing checks what a consumer of yesterday reads",
    ],
  ],
  [
    "another ordering key",
    [swap('ORDERING_KEY = "user_id"', 'ORDERING_KEY = "event_id"', message)],
    1,
    [
      "order.placed ordering_key  FORWARD  changed from user_id to event_id: a consumer of yesterday counts on the old order",
    ],
  ],
  [
    "a field that an event needs",
    [
      swap("fields: sessionId,", "fields: { ...sessionId, ...orderId },"),
      swap('session_id: "sess_44fa9b",', 'session_id: "sess_44fa9b", order_id: "ord_1",'),
    ],
    1,
    [`cart.abandoned order_id  BACKWARD  required added: ${refused}`],
  ],
  [
    "report → enforce",
    [
      swap(
        'description: "A shopper placed an order.",',
        'description: "A shopper placed an order.",\n      enforce: true,',
      ),
    ],
    1,
    ["order.placed payload  BACKWARD  report → enforce: payloads that break the schema were accepted"],
  ],
  [
    "enforce → report",
    [swap("enforce: true,", "")],
    1,
    ["cart.abandoned payload  FORWARD  enforce → report: payloads that break the schema will arrive"],
  ],
  [
    "a rule that no keyword says",
    [
      swap(
        "total: v.optional(amount),\n        coupon",
        'total: v.optional(v.pipe(amount, v.check((value) => value !== 13, "must not be 13"))),\n        coupon',
      ),
    ],
    1,
    [`cart.abandoned payload.total  BACKWARD  rule added: must not be 13: ${refused}`],
  ],
  [
    "a rule whose code changed under the same words",
    [swap('!text.includes("!")', '!text.includes("?")')],
    1,
    [
      "cart.abandoned payload.note  BACKWARD  rule changed: must not shout → must not shout: a value that was accepted is refused now (must not shout)",
      "cart.abandoned payload.note  FORWARD  rule changed: must not shout → must not shout: a value that a consumer of yesterday never got is published now (must not shout)",
    ],
  ],
  [
    "a rule in other words",
    [swap('"must not shout"', '"may not shout"')],
    0,
    ["cart.abandoned payload.note  COMPATIBLE  rule changed: must not shout → may not shout"],
  ],
  [
    "a rule behind a helper, whose code and words are the same",
    [swap("day <= lastDayOf(year, month - 1)", "day <= 28", envelope)],
    1,
    [
      "order.placed timestamp  BACKWARD  rule changed: must be a day that exists → must be a day that exists: a value that was accepted is refused now (must be a day that exists)",
    ],
  ],
  [
    "a keyword that nobody knows",
    [swap("coupon: v.optional(v.string())", "coupon: v.optional(v.pipe(v.string(), v.metadata({ frobnicate: 1 })))")],
    2,
    ['cart.abandoned payload.coupon  UNKNOWN  keyword "frobnicate": this command does not know what it means'],
  ],
  [
    "an unknown keyword in a new type",
    [
      swap(
        '"payment.failed": {',
        '"payment.lost": { description: "Lost.", payload: v.looseObject({ a: v.optional(v.pipe(v.string(), v.metadata({ frobnicate: 1 }))) }), sample: { user_id: "u", payload: {} } },\n    "payment.failed": {',
      ),
    ],
    2,
    ['payment.lost payload.a  UNKNOWN  keyword "frobnicate": this command does not know what it means'],
  ],
];

describe("npm run contract -- --base, on a doctored registry", { timeout: TIMEOUT_MS }, () => {
  it.each(rows)("%s", (_, edits, code, lines) => {
    tree.edit(...edits);
    const found = tree.run("--base", "HEAD");
    expect(found.lines).toEqual(expect.arrayContaining([...lines]));
    expect(found.code).toBe(code);
  });
});
