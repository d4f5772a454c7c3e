import { afterAll, afterEach, describe, expect, it } from "vitest";
import { DoctoredTree, type Edit } from "./testing/doctored-tree.ts";

/** Each case is a process or several, on a machine that has others to run. */
const TIMEOUT_MS = 120_000;

const commerce = "shared/events/commerce.ts";
const envelope = "shared/events/envelope.ts";
const message = "shared/events/message.ts";

const tree = new DoctoredTree();
afterEach(() => tree.reset());
afterAll(() => tree.close());

const swap = (from: string, to: string, file = commerce): Edit => ({ file, from, to });
const refused = "events accepted today would be refused";
const unexpected = "a consumer of yesterday would get what it does not expect";

/** What is changed, the exit code, and the lines. `cart.abandoned` is enforced, the others are in report mode. */
const rows: readonly [name: string, edits: readonly Edit[], code: number, lines: readonly string[]][] = [
  ["nothing", [], 0, []],
  [
    "optional → required in report mode",
    [swap("currency: v.optional(v.string())", "currency: v.string()")],
    0,
    [
      'order.placed payload.currency  MARKED  required added: events would carry payload_faults, such as with the payload {"items":[],"total":1}',
    ],
  ],
  [
    "a bound of items, for every type that has it",
    [swap("MAX_ITEMS = 500", "MAX_ITEMS = 501")],
    1,
    [
      `order.placed payload.items  FORWARD  maxItems widened from 500 to 501: ${unexpected}`,
      `cart.abandoned payload.items  FORWARD  maxItems widened from 500 to 501: ${unexpected}`,
    ],
  ],
  [
    "a pattern of the envelope",
    [swap("{1,128}$/;", "{1,64}$/;", envelope)],
    1,
    [`order.placed event_id  BACKWARD  pattern changed: ${refused}`],
  ],
  [
    "a member within items",
    [swap("quantity: v.number()", "quantity: v.optional(v.number())")],
    1,
    ["cart.abandoned payload.items.*.quantity  FORWARD  required removed: a consumer of yesterday counts on it"],
  ],
  [
    "a type removed",
    [swap('"payment.failed": {', '"payment.declined": {'), swap("provider: v.optional(v.string())", "")],
    1,
    [
      `payment.failed  BACKWARD  type removed: ${refused} (owner: payments)`,
      "payment.failed  FORWARD  type removed: its messages no longer arrive (owner: payments)",
      "payment.declined  COMPATIBLE  type added (owner: payments)",
    ],
  ],
  [
    "a type renamed",
    [swap('"payment.failed": {', '"payment.declined": {')],
    1,
    [
      `payment.failed  BACKWARD  renamed to payment.declined: ${refused} (owner: payments)`,
      "payment.failed  FORWARD  renamed to payment.declined: its messages no longer arrive (owner: payments)",
      "payment.declined  COMPATIBLE  type added (owner: payments)",
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
    "report → enforce",
    [swap('      sample: { user_id: "u", order_id', '      enforce: true,\n      sample: { user_id: "u", order_id')],
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
    "a rule behind a helper, whose code and words are the same",
    [swap("day <= lastDayOf(year, month - 1)", "day <= 28", envelope)],
    1,
    [
      "order.placed timestamp  BACKWARD  rule changed: must be a day that exists → must be a day that exists: a value that was accepted is refused now (must be a day that exists)",
    ],
  ],
  [
    "a list that a check got from another file",
    [swap(', "IT"', "", "shared/events/codes.ts")],
    1,
    [
      "cart.abandoned payload.country  BACKWARD  rule changed: must be a country → must be a country: a value that was accepted is refused now (must be a country)",
    ],
  ],
  [
    "a limit of the envelope",
    [swap("MAX_ID_BYTES = 1024", "MAX_ID_BYTES = 512", "shared/events/limits.ts")],
    1,
    [`order.placed user_id  BACKWARD  maxLength 1024 → maxLength 512: ${refused}`],
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
