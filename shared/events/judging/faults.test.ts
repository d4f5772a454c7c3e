import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { listFaults as list } from "./faults.ts";
import { prepare } from "./prepare.ts";

const SECRET = "s3cr3t";

function listFaults(schema: v.GenericSchema, value: unknown): string[] {
  const faults = list(prepare(schema), value, "payload");
  return [...(faults?.values() ?? [])].map(({ path, message }) => `${path} ${message}`);
}

const fail = (): never => {
  throw new Error(SECRET);
};
const named = v.looseObject({ n: v.number() });

describe("a message", () => {
  it.each<[v.GenericSchema, unknown, string[]]>([
    [v.string(), 1, ["payload must be a string"]],
    [v.string(), null, ["payload must not be null"]],
    [v.picklist(["a", "b"]), SECRET, ['payload must be "a" or "b"']],
    [v.literal(7), SECRET, ["payload must be 7"]],
    [v.pipe(v.string(), v.maxLength(3)), SECRET, ["payload must have at most 3 characters"]],
    [v.pipe(v.array(v.any()), v.maxLength(1)), [1, 2], ["payload must have at most 1 items"]],
    [v.pipe(v.string(), v.minLength(1)), "", ["payload must not be empty"]],
    [v.pipe(v.string(), v.email()), SECRET, ["payload must be a valid email"]],
    [v.pipe(v.string(), v.regex(/^x/, "must begin with x")), SECRET, ["payload must begin with x"]],
    [v.pipe(v.number(), v.integer(), v.minValue(1)), 0.5, ["payload must be an integer"]],
    [v.union([v.number(), v.boolean()]), SECRET, ["payload must match one of its schemas"]],
    [v.looseObject({}), [], ["payload must be a JSON object"]],
    [v.looseObject({ a: v.string() }), {}, ["payload.a is required"]],
    [
      v.looseObject({ a: v.optional(v.string()) }),
      { a: null },
      ["payload.a must not be null; leave the field out instead"],
    ],
    [v.looseObject({ a: v.nullable(v.string()) }), {}, ["payload.a is required"]],
    [v.tuple([v.string(), v.number()]), ["a"], ["payload.1 is required"]],
    [v.strictTuple([v.string()]), ["a", "b"], ["payload.1 must be left out"]],
    [v.pipe(v.array(named), v.maxLength(2)), [{ n: 1 }, { n: SECRET }], ["payload.1.n must be a number"]],
    [v.record(v.string(), v.number()), { [SECRET]: SECRET }, ["payload an entry must be a number"]],
    [v.record(v.string(), named), { [SECRET]: {} }, ["payload an entry's n is required"]],
    [
      v.record(v.pipe(v.string(), v.maxLength(2)), v.number()),
      { [SECRET]: 1 },
      ["payload a key must have at most 2 characters"],
    ],
    [
      v.record(v.string(), v.record(v.string(), named)),
      { [SECRET]: { [SECRET]: { n: "" } } },
      ["payload an entry must be a number"],
    ],
    [
      v.objectWithRest({ a: v.string() }, v.number()),
      { a: 1, [SECRET]: "" },
      ["payload.a must be a string", "payload an entry must be a number"],
    ],
    [
      v.strictObject({ a: v.number() }),
      { a: "", [SECRET]: 1 },
      ["payload.a must be a number", "payload must not have members that its schema does not name"],
    ],
    [
      v.variant("t", [v.object({ t: v.literal("a") }), v.object({ t: v.literal("b") })]),
      { t: SECRET },
      ['payload.t must be "a" or "b"'],
    ],
    [v.variant("t", [v.object({ t: v.literal("a") })]), [], ["payload must be a JSON object"]],
    [v.number(), Number.NaN, ["payload is beyond the range of a double"]],
    [v.union([v.string(), v.number()]), Number.NaN, ["payload is beyond the range of a double"]],
  ])("is ours, and holds nothing of what was sent (case %#)", (schema, value, expected) => {
    expect(listFaults(schema, value)).toEqual(expected);
  });

  let calls = 0;
  const say = ({ input }: { readonly input: unknown }) => {
    calls++;
    return `not ${JSON.stringify(input)}`;
  };
  it.each<[v.GenericSchema, unknown, string]>([
    [v.string(say), 1, "payload must be a string"],
    [
      v.pipe(
        v.string(),
        v.check(() => false, say),
      ),
      SECRET,
      "payload must be valid",
    ],
    [v.looseObject({ a: v.number(say) }, say), { a: SECRET }, "payload.a must be a number"],
    [v.record(v.string(), v.number(say), say), { [SECRET]: SECRET }, "payload an entry must be a number"],
    [v.array(v.picklist([1], say), say), [SECRET], "payload.0 must be 1"],
    [v.union([v.number(say), v.boolean(say)], say), SECRET, "payload must match one of its schemas"],
    [v.custom(() => false, say), SECRET, "payload must be valid"],
    [
      v.pipe(
        v.looseObject({ a: v.string() }),
        v.forward(
          v.check(() => false, say),
          ["a"],
        ),
      ),
      { a: SECRET },
      "payload.a must be valid",
    ],
    [
      v.pipe(
        v.looseObject({ a: v.string() }),
        v.forward(
          v.partialCheck([["a"]], () => false, say),
          ["a"],
        ),
      ),
      { a: SECRET },
      "payload.a must be valid",
    ],
    [
      v.pipe(
        v.array(v.string()),
        v.checkItems(() => false, say),
      ),
      [SECRET],
      "payload.0 must be a valid item",
    ],
    [
      v.pipe(
        v.unknown(),
        v.rawCheck(({ addIssue }) => addIssue({ message: SECRET })),
      ),
      SECRET,
      "payload must be valid",
    ],
    [v.lazy((input) => v.number(`not ${input}`)), SECRET, "payload must be a number"],
    [v.lazy((...inputs) => v.number(`not ${inputs[0]}`)), SECRET, "payload must be a number"],
    [v.lazy((input) => v.literal(`not ${input}`)), SECRET, "payload must be valid"],
    [v.lazy((input) => v.pipe(v.string(), v.startsWith(`not ${input}`))), SECRET, "payload must be valid"],
  ])("is never a function's (case %#)", (schema, value, expected) => {
    expect(listFaults(schema, value)).toEqual([expected]);
    expect(calls).toBe(0);
  });
});

describe("what throws is a fault of its value", () => {
  const object = v.looseObject({ a: v.optional(v.looseObject({ b: v.optional(v.number()) })) });
  it.each<[v.GenericSchema, unknown, string]>([
    [
      v.pipe(
        v.string(),
        v.check((text) => BigInt(text) > 0n),
      ),
      SECRET,
      "payload",
    ],
    [v.looseObject({ n: v.pipe(v.any(), v.minLength(1)) }), { n: null }, "payload.n"],
    [v.looseObject({ n: v.pipe(v.any(), v.startsWith("x")) }), { n: 1 }, "payload.n"],
    [v.looseObject({ n: v.pipe(v.any(), v.check(fail, "a constant")) }), { n: 1 }, "payload.n"],
    [v.custom(fail), 1, "payload"],
    [v.pipe(v.array(v.any()), v.checkItems(fail)), [1], "payload"],
    [v.pipe(v.array(v.any()), v.someItem(fail)), [1], "payload"],
    [v.pipe(v.array(v.any()), v.everyItem(fail)), [1], "payload"],
    [v.pipe(v.any(), v.rawCheck(fail)), 1, "payload"],
    [v.pipe(v.any(), v.guard(fail as never)), 1, "payload"],
    [v.lazy(fail), 1, "payload"],
    [v.array(v.lazy(() => undefined as never)), [1], "payload.0"],
    [v.pipe(object, v.forward(v.check(fail), ["a"])), {}, "payload.a"],
    [v.pipe(object, v.forward(v.check(fail), ["a", "b"] as never)), { a: { b: 1 } }, "payload.a.b"],
    [v.pipe(object, v.forward(v.partialCheck([["a"]], fail), ["a"])), { a: {} }, "payload.a"],
    [
      v.pipe(
        object,
        v.forward(
          v.rawCheck(({ dataset }) => (dataset.typed ? fail() : undefined)),
          ["a"],
        ),
      ),
      { a: {} },
      "payload.a",
    ],
    [v.union([v.pipe(v.string(), v.check(fail)), v.number()]), "x", "payload"],
  ])("case %#", (schema, value, path) => {
    expect(listFaults(schema, value)).toEqual([`${path} must be valid`]);
  });

  it("where a forwarded check looks at null", () => {
    const forward = v.forward(v.check((value: object | null) => value !== null) as never, ["a"] as never);
    const schema = v.pipe(v.nullable(object), forward as never);
    expect(listFaults(schema, null)).toEqual(["payload must be valid"]);
  });
});

describe("a check sees plain objects", () => {
  const a = v.looseObject({ t: v.literal("a"), n: v.number() });
  const b = v.looseObject({ t: v.literal("b") });
  it.each<[v.GenericSchema, unknown, string[]]>([
    [
      v.pipe(
        v.object({
          of: v.union([
            v.pipe(
              a,
              v.check(({ n }) => n > 0),
            ),
            v.pipe(
              b,
              v.check(({ t }) => t === "b"),
            ),
          ]),
        }),
        v.check(({ of }) => Object.keys(of).length === 2),
      ),
      { of: { t: "a", n: 1 } },
      [],
    ],
    [
      v.intersect([v.nullable(v.union([a, b])), v.looseObject({ t: v.string() })]),
      { t: "b", constructor: 1, toString: 2 },
      [],
    ],
    [
      v.pipe(
        v.object({ a: v.number() }),
        v.check((value) => JSON.stringify(value) === '{"a":1}'),
      ),
      { a: 1, b: 2 },
      [],
    ],
    [
      v.pipe(
        v.variant("t", [a, b]),
        v.check((value) => Object.getPrototypeOf(value) === Object.prototype),
      ),
      { t: "b" },
      [],
    ],
    [v.intersect([v.tuple([v.string()]), v.array(v.string())]), ["a", "b"], ["payload must match all of its schemas"]],
    [
      v.object({ a: v.pipe(v.array(v.any()), v.maxLength(1)), b: v.pipe(v.array(v.any()), v.maxLength(1)) }),
      { a: [1, 2], b: [1, 2] },
      ["payload.a must have at most 1 items", "payload.b must have at most 1 items"],
    ],
  ])("case %#", (schema, value, expected) => {
    expect(listFaults(schema, value)).toEqual(expected);
  });
});

describe("names that objects have by themselves are names like any other", () => {
  const names = ["constructor", "prototype", "__proto__", "toString"];
  it.each(names)("%s", (name) => {
    const optional = v.looseObject({ [name]: v.optional(v.string()) });
    const entries = JSON.parse(`{"${name}":1}`);
    expect(listFaults(optional, {})).toEqual([]);
    expect(listFaults(optional, entries)).toEqual([`payload.${name} must be a string`]);
    expect(listFaults(v.object({ [name]: v.number() }), {})).toEqual([`payload.${name} is required`]);
    expect(
      listFaults(
        v.pipe(
          v.object({ [name]: v.number() }),
          v.check((value) => value[name] === 1),
        ),
        entries,
      ),
    ).toEqual([]);
    expect(listFaults(v.record(v.string(), v.string()), entries)).toEqual(["payload an entry must be a string"]);
    expect(listFaults(v.objectWithRest({}, v.string()), entries)).toEqual(["payload an entry must be a string"]);
    expect(listFaults(v.strictObject({}), entries)).toHaveLength(1);
    const variant = v.variant(name, [v.looseObject({ [name]: v.exactOptional(v.literal(1)) })]);
    expect(listFaults(variant, entries)).toEqual([]);
    expect(listFaults(variant, {})).toEqual([]);
  });
});

describe("a path that a rawCheck names", () => {
  const at = (...keys: unknown[]) =>
    v.rawCheck<Record<string, unknown>>(({ addIssue, dataset }) =>
      addIssue({
        message: "",
        path: keys.map((key) => ({ type: "unknown", origin: "value", input: dataset.value, key, value: 0 })) as never,
      }),
    );
  const schema = v.looseObject({
    items: v.optional(v.array(v.union([v.string(), v.looseObject({ n: v.any() })]))),
    map: v.optional(v.record(v.string(), v.any())),
    pair: v.optional(v.tuple([v.lazy(() => v.looseObject({ n: v.any() }))])),
    kind: v.optional(v.lazy((value) => ((value as object).toString() ? v.any() : v.never()))),
  });
  const value = { items: [{ n: 1 }], map: { [SECRET]: 1 }, pair: [{ n: 1 }], [SECRET]: 1 };
  it.each([
    [["items", 0, "n"], "payload.items.0.n"],
    [["items", 1], "payload.items"],
    [["items", SECRET], "payload.items"],
    [["items", 0, SECRET], "payload.items.0"],
    [["map", SECRET], "payload.map"],
    [["pair", 0, "n", SECRET], "payload.pair.0.n"],
    [["pair", 1], "payload.pair"],
    [[SECRET], "payload"],
    [["toString"], "payload"],
    [["items", "length"], "payload.items"],
    [["kind", "n"], "payload.kind"],
  ])("%j ends before the first key that no schema names", (keys, path) => {
    expect(listFaults(v.pipe(schema, at(...keys)), value)).toEqual([`${path} must be valid`]);
  });
});

it("leaves the path alone that a rawCheck names again and again", () => {
  const path = [{ type: "unknown", origin: "value", input: {}, key: SECRET, value: 0 }] as const;
  const raw = v.rawCheck<object>(({ addIssue }) =>
    addIssue({ message: "", path: path as never, expected: "never" }),
  ) as never;
  const schema = v.looseObject({ a: v.pipe(v.looseObject({}), raw), b: v.pipe(v.record(v.string(), v.any()), raw) });
  for (let i = 0; i < 2; i++) {
    expect(listFaults(schema, { a: {}, b: { [SECRET]: 1 } })).toEqual([
      "payload.a must be valid",
      "payload.b must be valid",
    ]);
  }
  expect(path).toEqual([{ type: "unknown", origin: "value", input: {}, key: SECRET, value: 0 }]);
});

it("keeps an author's words of a schema that a lazy has chosen before", () => {
  const count = v.number("must count");
  const chosen = v.lazy((value) => (value === null ? v.null() : count));
  expect(listFaults(v.looseObject({ a: chosen, b: count }), { a: "", b: "" })).toEqual([
    "payload.a must be a number",
    "payload.b must count",
  ]);
  expect(listFaults(count, "")).toEqual(["payload must count"]);
});

it("prepares a schema that has itself inside once", () => {
  interface Tree {
    readonly children?: readonly Tree[] | undefined;
  }
  let calls = 0;
  const tree: v.GenericSchema<Tree> = v.looseObject({
    children: v.optional(
      v.array(
        v.lazy(() => {
          calls++;
          return tree;
        }),
      ),
    ),
  });
  let deep: Tree = {};
  for (let depth = 0; depth < 120; depth++) deep = { children: [deep] };
  expect(listFaults(tree, deep)).toEqual([]);
  expect(listFaults(tree, { children: [{}, { children: [{ children: SECRET }] }] })).toEqual([
    "payload.children.1.children.0.children must be an array",
  ]);
  expect(calls).toBe(123);
});
