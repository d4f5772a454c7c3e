import * as v from "valibot";
import { describe, expect, it } from "vitest";
import type { TypeContract } from "./contract.ts";
import { runBoth } from "./run-both.ts";
import { compare, toContract, toSides } from "./testing/contracts.ts";

const text = v.string();
const strings = (min: number, max: number) => v.pipe(text, v.minLength(min), v.maxLength(max));
const numbers = (min: number, max: number) => v.pipe(v.number(), v.minValue(min), v.maxValue(max));
const lists = (min: number, max: number) => v.pipe(v.array(text), v.minLength(min), v.maxLength(max));
const number = v.number();
const integer = v.pipe(number, v.integer());
const like = (pattern: RegExp) => v.pipe(text, v.regex(pattern));
const inSet = (codes: readonly string[]) =>
  v.pipe(
    text,
    v.check((code) => codes.includes(code), "must be known"),
  );
/** Two members, and how they must stand to each other. */
const pair = (isRight: (value: { from: number; to: number }) => boolean) =>
  v.pipe(v.looseObject({ from: number, to: number }), v.check(isRight, "must be a span"));
const [withX, withY] = [v.looseObject({ x: text }), v.looseObject({ y: number })];
const one = v.looseObject({ kind: v.literal("one"), n: v.number() });
const two = v.looseObject({ kind: v.literal("two") });

/** A member before and after, what breaks, and a value that is right on both sides. */
const rows: readonly [
  name: string,
  before: v.GenericSchema,
  after: v.GenericSchema,
  breaks: string,
  sample: unknown,
][] = [
  ["the same", strings(1, 9), strings(1, 9), "", "abc"],
  ["a longer least", strings(1, 9), strings(2, 9), "B", "abc"],
  ["a shorter least", strings(2, 9), strings(1, 9), "F", "abc"],
  ["a smaller most", strings(1, 9), strings(1, 8), "B", "abc"],
  ["no most any more", strings(1, 9), v.pipe(text, v.minLength(1)), "F", "abc"],
  ["both bounds moved", strings(2, 9), strings(3, 10), "BF", "abc"],
  ["a number's bounds", numbers(0, 10), numbers(1, 10), "B", 5],
  ["a fraction's bound", numbers(0, 10), numbers(0, 10.5), "F", 5],
  ["an exclusive bound", numbers(0, 10), v.pipe(v.number(), v.gtValue(0), v.maxValue(10)), "B", 5],
  ["integers alone", v.number(), v.pipe(v.number(), v.integer()), "B", 5],
  ["no integers alone", v.pipe(v.number(), v.integer()), v.number(), "F", 5],
  ["a multiple of more", v.pipe(v.number(), v.multipleOf(2)), v.pipe(v.number(), v.multipleOf(4)), "B", 8],
  ["a list's bounds", lists(1, 5), lists(1, 4), "B", ["x"]],
  ["items of another type", v.array(text), v.array(v.number()), "BF", []],
  ["items with a bound", v.array(strings(0, 9)), v.array(strings(0, 8)), "B", ["x"]],
  ["another type", text, v.boolean(), "BF", undefined],
  ["null too", text, v.nullable(text), "F", "x"],
  ["null no more", v.nullable(text), text, "B", "x"],
  ["an enum with more", v.picklist(["x", "y"]), v.picklist(["x", "y", "z"]), "F", "x"],
  ["an enum with less", v.picklist(["x", "y"]), v.picklist(["x"]), "B", "x"],
  ["an enum where there was any text", text, v.picklist(["x"]), "B", "x"],
  ["any text where there was an enum", v.picklist(["x"]), text, "F", "x"],
  ["a literal for an enum of it", v.picklist(["x"]), v.literal("x"), "", "x"],
  ["a pattern", text, v.pipe(text, v.regex(/^[a-z]+$/)), "B", "x"],
  ["no pattern", v.pipe(text, v.regex(/^[a-z]+$/)), text, "F", "x"],
  ["another pattern", v.pipe(text, v.regex(/^[a-z]+$/)), v.pipe(text, v.regex(/^[a-y0-9]+$/)), "BF", "x"],
  ["a format", text, v.pipe(text, v.email()), "B", "a@example.com"],
  ["another format", v.pipe(text, v.email()), v.pipe(text, v.url()), "BF", undefined],
  ["a union with more", v.variant("kind", [one]), v.variant("kind", [one, two]), "F", { kind: "one", n: 1 }],
  ["a union with less", v.variant("kind", [one, two]), v.variant("kind", [one]), "B", { kind: "one", n: 1 }],
  ["a union in another order", v.variant("kind", [one, two]), v.variant("kind", [two, one]), "", { kind: "two" }],
  ["a union of types with more", v.union([text, v.number()]), v.union([text, v.number(), v.boolean()]), "F", "x"],
  ["a single type for a union", v.union([text, v.number()]), text, "B", "x"],
  ["a record's values", v.record(text, v.number()), v.record(text, numbers(0, 9)), "B", { x: 1 }],
  ["a record's values no more", v.record(text, v.number()), v.looseObject({}), "F", { x: 1 }],
  [
    "an open object closed",
    v.looseObject({ x: v.optional(text) }),
    v.strictObject({ x: v.optional(text) }),
    "B",
    { x: "x" },
  ],
  ["a tuple's member", v.tuple([text, v.number()]), v.tuple([text, numbers(0, 9)]), "B", ["x", 1]],
  ["a longer tuple", v.tuple([text]), v.tuple([text, v.number()]), "B", undefined],
  ["a value that is not allowed", v.number(), v.pipe(v.number(), v.notValue(5)), "B", 1],
  [
    "a sum with more",
    v.intersect([v.looseObject({ x: text })]),
    v.intersect([v.looseObject({ x: text }), v.looseObject({ y: text })]),
    "B",
    { x: "x", y: "y" },
  ],
  [
    "a rule",
    text,
    v.pipe(
      text,
      v.check((value) => value !== "secret", "must not be secret"),
    ),
    "B",
    "x",
  ],
  [
    "no rule",
    v.pipe(
      text,
      v.check((value) => value !== "secret", "must not be secret"),
    ),
    text,
    "F",
    "x",
  ],
  [
    "a stricter rule",
    v.pipe(
      text,
      v.check((value) => value.length < 77, "must be short"),
    ),
    v.pipe(
      text,
      v.check((value) => value.length < 66, "must be short"),
    ),
    "B",
    "x",
  ],
  [
    "a rule that differs where nobody looks",
    v.pipe(
      text,
      v.check((value) => !/^z{31}$/.test(value), "must be fine"),
    ),
    v.pipe(
      text,
      v.check((value) => !/^y{31}$/.test(value), "must be good"),
    ),
    "?",
    "x",
  ],
  [
    "a rule in other words",
    v.pipe(
      text,
      v.check((value) => value !== "zz", "must not be zz"),
    ),
    v.pipe(
      text,
      v.check((value) => value !== "zz", "may not be zz"),
    ),
    "",
    "x",
  ],
  [
    "a rule whose code is written anew",
    v.pipe(
      text,
      v.check((value) => !value.includes("qq"), "must be fine"),
    ),
    v.pipe(
      text,
      v.check((value) => value.indexOf("qq") === -1, "must be fine"),
    ),
    "?",
    "x",
  ],
  ["a keyword that nobody knows", text, v.pipe(text, v.metadata({ frobnicate: true })), "?", "x"],

  // JSON Schema has the same words for both.
  ["characters as code units", v.pipe(text, v.maxCodePoints(10)), v.pipe(text, v.maxLength(10)), "B", "x"],
  ["code units as characters", v.pipe(text, v.maxLength(10)), v.pipe(text, v.maxCodePoints(10)), "F", "x"],
  ["exactly so many code units", v.pipe(text, v.codePoints(3)), v.pipe(text, v.length(3)), "BF", "xxx"],
  ["a stricter idea of e-mail", v.pipe(text, v.rfcEmail()), v.pipe(text, v.email()), "BF", "a@example.com"],
  ["another idea of a date and time", v.pipe(text, v.isoDateTime()), v.pipe(text, v.isoTimestamp()), "BF", undefined],
  ["a factory's list with less", inSet(["DE", "FR", "IT"]), inSet(["DE", "FR"]), "B", "DE"],
  ["a factory's list with more", inSet(["DE", "FR"]), inSet(["DE", "FR", "IT"]), "F", "DE"],
  ["a check of two members", pair((it) => it.from <= it.to), pair((it) => it.from < it.to), "B?", { from: 1, to: 2 }],
  ["an address for bytes", v.pipe(text, v.ip()), v.pipe(text, v.maxBytes(4)), "BF", undefined],

  // Harmless, or harmless on one side.
  ["fewer bytes", v.pipe(text, v.maxBytes(200)), v.pipe(text, v.maxBytes(100)), "B", "x"],
  ["bytes for code units", v.pipe(text, v.maxLength(10)), v.pipe(text, v.maxBytes(10)), "B", "x"],
  ["code units for bytes", v.pipe(text, v.maxBytes(10)), v.pipe(text, v.maxLength(10)), "F", "x"],
  ["a list for a pattern that covers it", like(/^[A-Z]{3}$/), v.picklist(["EUR", "USD"]), "B", "EUR"],
  ["a list for a pattern that does not", like(/^[A-Z]{3}$/), v.picklist(["EUR", "euro"]), "BF", "EUR"],
  ["a pattern that covers a list", v.picklist(["EUR", "USD"]), like(/^[A-Z]{3}$/), "F", "EUR"],
  ["bounds that cover a list", v.picklist(["EUR", "USD"]), v.pipe(text, v.maxCodePoints(3)), "F", "EUR"],
  ["bounds that cover a part of a list", v.picklist(["EUR", "euro"]), v.pipe(text, v.maxCodePoints(3)), "BF", "EUR"],
  ["a list for a bounded number", numbers(0, 9), v.picklist([1, 2]), "B", 1],
  ["a literal for a bounded number", numbers(0, 9), v.literal(2), "B", 2],
  ["a literal beyond the bounds", numbers(0, 9), v.literal(20), "BF", undefined],
  ["a list with null for any text", v.nullable(text), v.nullable(v.picklist(["x"])), "B", "x"],
  ["any text for a list with null", v.nullable(v.picklist(["x"])), v.nullable(text), "F", "x"],
  ["values, which are a list", v.pipe(text, v.values(["x", "y"])), v.picklist(["y", "x"]), "", "x"],
  ["a sum in another order", v.intersect([withX, withY]), v.intersect([withY, withX]), "", { x: "", y: 1 }],
  ["an object in two parts", v.looseObject({ x: text, y: number }), v.intersect([withY, withX]), "", { x: "", y: 1 }],
  [
    "a sum with a record in another order",
    v.intersect([v.record(text, number), withY]),
    v.intersect([withY, v.record(text, number)]),
    "",
    { y: 1 },
  ],
  ["literals for a list", v.picklist(["x", "y"]), v.union([v.literal("x"), v.literal("y")]), "", "x"],
  ["a list for literals", v.union([v.literal("x"), v.literal("y")]), v.picklist(["x", "y"]), "", "x"],
  ["both literals for a boolean", v.boolean(), v.union([v.literal(true), v.literal(false)]), "", true],
  ["one literal for a boolean", v.boolean(), v.literal(true), "B", true],
  [
    "a union within a union",
    v.union([text, v.union([number, v.boolean()])]),
    v.union([text, number, v.boolean()]),
    "",
    "x",
  ],
  ["a member that another covers", v.union([text, v.literal("x")]), text, "", "x"],
  [
    "a tag with two values in two members",
    v.variant("kind", [v.looseObject({ kind: v.picklist(["one", "four"]), n: number }), two]),
    v.variant("kind", [one, two, v.looseObject({ kind: v.literal("four"), n: number })]),
    "",
    { kind: "two" },
  ],
  ["integers above 0 or from 1", v.pipe(integer, v.gtValue(0)), v.pipe(integer, v.minValue(1)), "", 1],
  ["numbers above 0 or from 1", v.pipe(number, v.gtValue(0)), v.pipe(number, v.minValue(1)), "B", 1],
  ["integers for even ones", v.pipe(number, v.multipleOf(2)), integer, "F", 2],
  [
    "a record's keys with more",
    v.record(v.picklist(["x"]), number),
    v.record(v.picklist(["x", "y"]), number),
    "F",
    { x: 1 },
  ],
  [
    "a record's keys with less",
    v.record(v.picklist(["x", "y"]), number),
    v.record(v.picklist(["x"]), number),
    "B",
    { x: 1 },
  ],
  ["a pattern in either case", like(/^[a-z]+$/), like(/^[a-z]+$/i), "F", "x"],
  ["a pattern in one case", like(/^[a-z]+$/i), like(/^[a-z]+$/), "B", "x"],
  ["a pattern with more", like(/^[A-Z]{3}$/), like(/^[A-Z]{3,4}$/), "F", "AAA"],
  ["a length for a pattern", like(/^[A-Z]{3}$/), v.pipe(text, v.codePoints(3)), "F", "AAA"],
  [
    "a second value that is not allowed",
    v.pipe(number, v.notValue(5)),
    v.pipe(number, v.notValue(5), v.notValue(6)),
    "B",
    1,
  ],
  ["a second pattern", like(/^a/), v.pipe(like(/^a/), v.regex(/z$/)), "B", "az"],
  ["what a second schema of a pipe takes", text, v.pipe(text, v.picklist(["x"])), "B", "x"],
  ["null that was not taken anyway", v.nonNullable(v.nullable(text)), text, "", "x"],
  ["nothing any more", v.optional(text), v.optional(v.never()), "B", undefined],
  ["a pattern and more bytes", v.pipe(text, v.maxBytes(40)), v.pipe(text, v.endsWith("z")), "BF", "z"],
];

/** No value that is drawn shows these: the contract is by the letter, or the schema takes nothing that is drawn. */
const unseen = new Set([
  "an open object closed",
  "a value that is not allowed",
  "a record's values no more",
  "a fraction's bound",
  // Values that are drawn for a node alone show these.
  "a stricter idea of e-mail",
  "another pattern",
  "a pattern and more bytes",
]);

describe("in report mode, where nothing is refused", () => {
  it.each(rows)("%s", (_, a, b, breaks, sample) => {
    const [before, after] = [toContract({ a }, { a: sample }, {}), toContract({ a: b }, { a: sample }, {})];
    // What would be refused is marked.
    expect(toSides(compare(before, after))).toBe(breaks.replace("B", "") + (breaks.includes("B") ? "M" : ""));
  });
});

describe("a payload that is enforced", () => {
  it.each(rows)("%s", (name, a, b, breaks, sample) => {
    const [before, after] = [toContract({ a }, { a: sample }), toContract({ a: b }, { a: sample })];
    expect(toSides(compare(before, after))).toBe(breaks);
    // The two ways agree: what a value shows, the keywords say, and most of what the keywords say a value shows.
    const sides = new Set(runBoth(before, after).map(({ side }) => (side === "backward" ? "B" : "F")));
    if (breaks === "?") return expect([...sides]).toEqual([]);
    const seen = breaks.replace("?", "");
    if (!unseen.has(name) && sample !== undefined) expect([...sides].sort().join("")).toBe(seen);
    for (const side of sides) expect(breaks).toContain(side);
  });
});

/** Members before and after: Confluent's combinations for objects that are open, but for an optional one that is added. */
const members: readonly [name: string, before: v.ObjectEntries, after: v.ObjectEntries, breaks: string][] = [
  ["an optional one added", { a: text }, { a: text, b: v.optional(text) }, ""],
  ["an optional one removed", { a: text, b: v.optional(text) }, { a: text }, "F"],
  ["an optional one without a schema removed", { a: text, b: v.optional(v.unknown()) }, { a: text }, ""],
  ["a required one added", { a: text }, { a: text, b: text }, "B"],
  ["a required one removed", { a: text, b: text }, { a: text }, "F"],
  ["a required one made optional", { a: text, b: text }, { a: text, b: v.optional(text) }, "F"],
  ["an optional one made required", { a: text, b: v.optional(text) }, { a: text, b: text }, "B"],
  ["an optional one renamed", { a: text, b: v.optional(text) }, { a: text, c: v.optional(text) }, "F"],
];

describe("the members of an open object", () => {
  const sample = { a: "x", b: "x", c: "x" };

  it.each(members)("enforced: %s", (_, before, after, breaks) => {
    expect(toSides(compare(toContract(before, sample), toContract(after, sample)))).toBe(breaks);
  });

  it.each(members)("in report mode, where nothing is refused: %s", (_, before, after, breaks) => {
    const changes = compare(toContract(before, sample, {}), toContract(after, sample, {}));
    expect(toSides(changes)).toBe(breaks.replace("B", "M"));
    expect(changes.length).toBeGreaterThan(0);
  });
});

it("a schema that contains itself is compared once", () => {
  const [small, large] = [8, 9].map((max) => {
    const tree: v.GenericSchema = v.looseObject({
      name: strings(0, max),
      children: v.optional(v.pipe(v.array(v.lazy(() => tree)), v.maxLength(3))),
    });
    return toContract({ a: tree }, { a: { name: "x" } });
  });
  expect(toSides(compare(large as TypeContract, small as TypeContract))).toBe("B");
  expect(toSides(compare(small as TypeContract, small as TypeContract))).toBe("");
});
