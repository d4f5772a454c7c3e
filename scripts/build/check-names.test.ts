import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { defineDomain } from "../../shared/events/domain.ts";
import { domains } from "../../shared/events/registry.ts";
import { findDomainFault, findTypeFault, listCollisions } from "./check-names.ts";

const words =
  "class case let enum await yield static var void null true this super interface public eval arguments default type";
const generated = "domains registered find-event function-names define-domain serve v order-id currency";
const elsewhere = "client schemas openapi asyncapi pulsecart local console docs events health build";
const globals = "to-string undefined constructor value-of";
const misshapen = ["Loyalty", "a--b", "-a", "1a", "a_b", "", "a-name-that-is-much-too-long"];

describe("a domain's name", () => {
  it.each([words, generated, elsewhere, globals].flatMap((names) => names.split(" ")).concat(misshapen))(
    "is not %j",
    (name) => {
      expect(findDomainFault(name)).toMatch(/^[^\n]+$/);
    },
  );

  it.each([...Object.keys(domains), "loyalty", "gift-cards", "async", "of", "from", "as", "get", "x1"])(
    "may be %s",
    (name) => {
      expect(findDomainFault(name)).toBeUndefined();
    },
  );
});

describe("an event type's name", () => {
  it.each([
    "Refund",
    "refund",
    "refund.",
    ".refund",
    "refund..issued",
    "refund.Issued",
    "refund-x.y",
    `a.${"b".repeat(99)}`,
  ])("is not %j", (type) => {
    expect(findTypeFault(type)).toMatch(/^[^\n]+$/);
  });

  /** A registry of one domain with two event types. */
  const toDomains = (one: string, other: string, fields: Readonly<Record<string, v.GenericSchema<string>>> = {}) => {
    const event = { description: "A.", owner: "team", fields, sample: { user_id: "u", payload: {} } };
    const place = { name: "commerce", entryPoint: "commerce", topic: "commerce" };
    return { commerce: defineDomain({ ...place, events: { [one]: event, [other]: event } }) };
  };

  it.each([
    ["cart.item_added", "cart.item.added", "CartItemAdded"],
    ["order.placed", "order.placed.payload", "OrderPlacedPayload"],
    ["order.placed", "commerce.event", "CommerceEvent"],
    ["order.placed", "batch.results", "BatchResults"],
    ["order.placed", "field.error", "FieldError"],
    ["order.placed", "user.id", "UserId"],
    ["order.placed", "coupon.code", "CouponCode"],
  ])("beside %s is not %s", (one, other, component) => {
    const all = toDomains(one, other, { coupon_code: v.string() });
    expect(listCollisions(all)).toEqual([
      expect.stringMatching(new RegExp(`^[^\\n]+ and [^\\n]+ would both be ${component} in the OpenAPI document$`)),
    ]);
  });

  it("collides with nothing in the registry", () => {
    expect(listCollisions(domains)).toEqual([]);
  });
});

describe("npm run new", () => {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const [name] = Object.keys(domains) as [string];
  const [type] = Object.keys(Object.values(domains)[0]?.events ?? {}) as [string];
  const taken = type.replace(".", "_.");

  it.each<[string[], string]>([
    [["event", name, type], `${type} is an event type of ${name} already`],
    [
      ["event", "no-such-domain", "x.y"],
      `there is no domain "no-such-domain"; there are ${Object.keys(domains).join(", ")}`,
    ],
    [["event", name, "Refund"], "an event type is words of a-z 0-9 _ joined by dots"],
    [["event", name, taken], `${taken} and ${type} would both be `],
    [
      ["event", name, "batch.results"],
      "batch.results and an answer would both be BatchResults in the OpenAPI document",
    ],
    [
      ["domain", "checked", "x.y"],
      "all events of checked and an answer would both be CheckedEvent in the OpenAPI document",
    ],
    [["domain", name, "x.y"], `shared/events/${name}.ts is there already`],
    [["domain", "message", "x.y"], "shared/events/message.ts is there already"],
    [["domain", "class", "x.y"], "class cannot be a domain's name: class is a word of the language"],
    [["everything"], "Usage: npm run new"],
    [["event", name, "x.y", "--now"], "Unknown option '--now'"],
  ])("refuses %j before it writes anything", (args, message) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/new/main.ts", ...args], {
      cwd: root,
      encoding: "utf8",
    });
    expect(stderr.startsWith(message), stderr).toBe(true);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  });
});
