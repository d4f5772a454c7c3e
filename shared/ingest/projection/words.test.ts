import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { actionWords, schemaWords, transformations } from "../../events/words.ts";
import { compile } from "./compile.ts";
import { judge } from "./faults.ts";
import { Projector, toRoute } from "./project.ts";

/** Every kind that valibot has, as its own source says. */
function listKinds(kind: string): string[] {
  const source = readFileSync(fileURLToPath(import.meta.resolve("valibot")), "utf8");
  return [
    ...new Set(
      [...source.matchAll(/kind: "(\w+)",\s*type: "(\w+)"/g)].flatMap(([, k, type = ""]) => (k === kind ? [type] : [])),
    ),
  ];
}

describe("the tables have a row for each kind of valibot's", () => {
  it.each([
    ["schema", schemaWords, 40],
    ["validation", actionWords, 80],
    ["transformation", transformations, 30],
  ] as const)("%s", (kind, table, least) => {
    const kinds = listKinds(kind);
    expect(kinds.length).toBeGreaterThan(least);
    expect(Object.keys(table).sort()).toEqual(kinds.sort());
  });
});

const SECRET = "s3cr3t";

function listFaults(schema: v.GenericSchema, text: string) {
  const compiled = compile(schema, "payload");
  const value = new Projector(Buffer.from(text)).project(0, toRoute(compiled.plan), 1);
  return [...(judge(compiled, value, "payload")?.values() ?? [])].map(({ path, message }) => `${path} ${message}`);
}

describe("a message", () => {
  const entries = v.looseObject({ n: v.number() });
  it.each<[v.GenericSchema, unknown, string[]]>([
    [v.string(), 1, ["payload must be a string"]],
    [v.string(), null, ["payload must not be null"]],
    [v.picklist(["a", "b"]), SECRET, ['payload must be "a" or "b"']],
    [v.literal(7), SECRET, ["payload must be 7"]],
    [v.pipe(v.string(), v.maxLength(3)), SECRET, ["payload must have at most 3 characters"]],
    [v.pipe(v.array(v.any()), v.maxLength(1)), [1, 2], ["payload must have at most 1 items"]],
    [v.pipe(v.string(), v.minLength(1)), "", ["payload must not be empty"]],
    [v.pipe(v.string(), v.email()), SECRET, ["payload must be an e-mail address"]],
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
    [v.pipe(v.array(entries), v.maxLength(2)), [{ n: 1 }, { n: SECRET }], ["payload.1.n must be a number"]],
    [v.record(v.string(), v.number()), { [SECRET]: SECRET }, ["payload an entry must be a number"]],
    [v.record(v.string(), entries), { [SECRET]: {} }, ["payload an entry's n is required"]],
    [
      v.record(v.pipe(v.string(), v.maxLength(2)), v.number()),
      { [SECRET]: 1 },
      ["payload a key must have at most 2 characters"],
    ],
    [
      v.record(v.string(), v.record(v.string(), entries)),
      { [SECRET]: { [SECRET]: { n: "" } } },
      ["payload an entry's n must be a number"],
    ],
    [
      v.variant("t", [v.object({ t: v.literal("a") }), v.object({ t: v.literal("b") })]),
      { t: SECRET },
      ['payload.t must be "a" or "b"'],
    ],
  ])("is ours, and holds nothing of what was sent (case %#)", (schema, value, expected) => {
    const faults = listFaults(schema, JSON.stringify(value));
    expect(faults).toEqual(expected);
    expect(faults.join()).not.toContain(SECRET);
  });

  it("says of a number that a double does not hold it", () => {
    expect(listFaults(v.number(), "1e400")).toEqual(["payload is beyond the range of a double"]);
    expect(listFaults(v.pipe(v.number(), v.minValue(89)), "89.9000000000000000001")).toEqual([]);
  });

  const x = (length: number) => JSON.stringify("x".repeat(length));
  it.each<[v.GenericSchema, string, string[]]>([
    [v.pipe(v.string(), v.regex(/^x+$/)), x(70_000), []],
    [
      v.pipe(v.string(), v.regex(/^x+$/)),
      x(70_000).replace('x"', 'y"'),
      ["payload must have the form that is asked for"],
    ],
    [v.pipe(v.string(), v.regex(/^[xé]+$/)), x(70_000).replace("x", "é").replace("x", "\\u00e9"), []],
    [v.pipe(v.string(), v.endsWith("y")), x(70_000), ['payload must end with "y"']],
    [v.pipe(v.string(), v.endsWith("y")), x(70_000).replace('x"', 'y"'), []],
    [v.pipe(v.string(), v.includes("y")), x(70_000).replace('x"', 'y"'), []],
    [v.pipe(v.string(), v.excludes("y")), x(70_000).replace('x"', 'y"'), ['payload must not contain "y"']],
    [v.pipe(v.string(), v.minLength(70_000)), x(70_000), []],
    [v.pipe(v.string(), v.minLength(70_001)), x(70_000), ["payload must have at least 70001 characters"]],
    [v.pipe(v.string(), v.regex(/x/), v.maxLength(70_000)), x(70_001), ["payload must have at most 70000 characters"]],
    [
      v.pipe(
        v.object({ a: v.pipe(v.string(), v.maxLength(3)) }),
        v.check(({ a }) => a.length === 70_000),
      ),
      `{"a":${x(70_000)}}`,
      ["payload.a must have at most 3 characters"],
    ],
  ])("judges all of a text, however long (case %#)", (schema, text, expected) => {
    expect(listFaults(schema, text)).toEqual(expected);
  });
});

describe("an entry of a record", () => {
  const schema = v.record(v.string(), v.number());
  it("that stands twice counts by its last value", () => {
    expect(listFaults(schema, '{"a":"x","b":2,"\\u0061":1}')).toEqual([]);
    expect(listFaults(schema, '{"a":1,"b":2,"\\u0061":"x"}')).toEqual(["payload an entry must be a number"]);
  });

  it("is judged whatever its key is", () => {
    for (const key of ["__proto__", "constructor", "prototype", "toString"]) {
      expect(listFaults(schema, `{"${key}":"x"}`)).toEqual(["payload an entry must be a number"]);
      expect(listFaults(schema, `{"${key}":1}`)).toEqual([]);
    }
  });

  const entries = (count: number, toText: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => toText(i)).join();

  it("costs nothing to keep: thousands of them are one fault", () => {
    expect(listFaults(schema, `{${entries(5000, (i) => `"k${i}":""`)}}`)).toHaveLength(1);
  });

  it("counts by its last value among thousands that are put right", () => {
    const wrong = entries(5000, (i) => `"é${i}":""`);
    const right = entries(5000, (i) => `"\\u00e9${i}":1`);
    expect(listFaults(schema, `{${wrong},${right}}`)).toEqual([]);
    expect(listFaults(schema, `{${right},${wrong}}`)).toHaveLength(1);
    expect(listFaults(schema, `{${wrong},${right.replace("4999", "5000")}}`)).toHaveLength(1);
    expect(listFaults(schema, `{${wrong},${right},"😀":"","\\ud83d\\ude00":1}`)).toEqual([]);
    expect(listFaults(schema, `{${wrong},${right},"😀":1,"\\ud83d\\ude00":""}`)).toHaveLength(1);
  });
});

it("takes names that objects have by themselves as any other", () => {
  const schema = v.looseObject({
    constructor: v.optional(v.string()),
    toString: v.optional(v.string()),
    ["__proto__"]: v.optional(v.string()),
  });
  expect(listFaults(schema, "{}")).toEqual([]);
  expect(listFaults(schema, '{"constructor":1,"__proto__":{"toString":1}}')).toEqual([
    "payload.constructor must be a string",
    "payload.__proto__ must be a string",
  ]);
});

describe("what cannot be projected is refused with its path", () => {
  const refused: [string, unknown, RegExp][] = [
    ["strictObject", v.object({ a: v.strictObject({}) }), /^payload\.a: v\.strictObject cannot be projected: .*keys/],
    ["strictTuple", v.strictTuple([v.string()]), /^payload: v\.strictTuple/],
    [
      "a transform",
      v.pipe(v.object({ a: v.pipe(v.string(), v.transform(Number)) })),
      /^payload\.a: v\.transform .*published as it came/,
    ],
    ["trim", v.pipe(v.string(), v.trim()), /^payload: v\.trim/],
    ["a default", v.object({ a: v.optional(v.string(), "x") }), /^payload\.a: v\.optional .*default/],
    ["a default of nullish", v.object({ a: v.nullish(v.string(), null) }), /^payload\.a: v\.nullish .*default/],
    ["a fallback", v.fallback(v.string(), "x"), /^payload: v\.string .*fallback/],
    ["lazy", v.object({ a: v.lazy(() => v.string()) }), /^payload\.a: v\.lazy/],
    [
      "async",
      v.pipeAsync(
        v.string(),
        v.checkAsync(async () => true),
      ),
      /asynchronous/,
    ],
    ["an async object", v.objectAsync({}), /asynchronous/],
    ["an array without maxLength", v.object({ a: v.array(v.string()) }), /^payload\.a: v\.array needs a v\.maxLength/],
    [
      "a tuple's rest without maxLength",
      v.tupleWithRest([v.string()], v.string()),
      /^payload: v\.tupleWithRest needs a v\.maxLength/,
    ],
    ["custom", v.custom(() => true), /^payload: v\.custom/],
    ["date", v.union([v.string(), v.date()]), /^payload: v\.date/],
    ["bigint", v.literal(1n), /^payload: v\.literal/],
    ["undefined", v.union([v.string(), v.undefined()]), /^payload: v\.undefined/],
    [
      "rawCheck",
      v.pipe(
        v.string(),
        v.rawCheck(() => {}),
      ),
      /^payload: v\.rawCheck/,
    ],
    [
      "a message that is a function",
      v.string((issue) => String(issue.input)),
      /^payload: the message of v\.string must be text/,
    ],
    [
      "a check of something unknown",
      v.pipe(
        v.looseObject({ a: v.unknown() }),
        v.check(() => true),
      ),
      /^payload\.a: v\.unknown/,
    ],
    [
      "a check of a tuple that is free behind its items",
      v.pipe(
        v.looseTuple([v.string()]),
        v.check(() => true),
      ),
      /^payload: v\.looseTuple cannot be projected: a check reads it/,
    ],
    [
      "a check of a record",
      v.pipe(
        v.record(v.string(), v.string()),
        v.check(() => true),
      ),
      /^payload: v\.record/,
    ],
    ["entries that are counted", v.pipe(v.record(v.string(), v.string()), v.maxEntries(3)), /^payload: v\.maxEntries/],
    ["a multiple of a fraction", v.pipe(v.number(), v.multipleOf(0.01)), /^payload: v\.multipleOf/],
    ["a second schema in a pipe", v.pipe(v.string(), v.picklist(["a"])), /^payload: v\.picklist/],
    ["an entry of a record", v.record(v.string(), v.date()), /^payload \(entries\): v\.date/],
    ["an item", v.pipe(v.array(v.date()), v.maxLength(2)), /^payload\.\*: v\.date/],
  ];
  it.each(refused)("%s", (_, schema, message) => {
    expect(() => compile(schema as v.GenericSchema, "payload")).toThrow(message);
    expect(() => compile(schema as v.GenericSchema, "payload")).toThrow(/^[^\n]*$/);
  });
});
