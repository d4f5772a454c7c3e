import { Ajv2020 } from "ajv/dist/2020.js";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { listFaults } from "../../../shared/events/judging/faults.ts";
import { prepare } from "../../../shared/events/judging/prepare.ts";
import { toJsonSchema } from "./json-schema.ts";

/** valibot's own types refuse some of what is tried. */
const pipe = v.pipe as unknown as (...items: readonly unknown[]) => v.GenericSchema;

const ajv = new Ajv2020({
  strict: true,
  strictTypes: false,
  strictTuples: false,
  ownProperties: true,
  allErrors: true,
});

/** The values that the published schema takes, and those that have no faults. */
function judgeBoth(schema: v.GenericSchema, values: readonly unknown[]) {
  const fits = ajv.compile(toJsonSchema(schema));
  const prepared = prepare(schema);
  return [values.filter((value) => fits(value)), values.filter((value) => !listFaults(prepared, value, ""))];
}

const tree: v.GenericSchema = v.looseObject({ children: v.optional(v.array(v.lazy(() => tree))) });
const fresh = (): v.GenericSchema => v.looseObject({ inner: v.optional(v.lazy(() => fresh())) });
const classWithU = String.raw`^\p{L}$`;
const texts = ["", "a", "ab", "abc", "😀", "😀😀", "a@b", "A", "1", "-", "é", "a.b", 1, null];

describe("what is published is what is judged", () => {
  it.each<[string, v.GenericSchema, readonly unknown[]]>([
    [
      "variant",
      v.variant("t", [v.object({ t: v.literal("a"), n: v.number() }), v.object({ t: v.picklist(["a", "b"]) })]),
      [{ t: "a" }, { t: "a", n: 1 }, { t: "b" }, { t: "c" }, {}, [], null],
    ],
    [
      "nonNullable",
      v.looseObject({ a: v.nonNullable(v.nullable(v.string())) }),
      [{}, { a: null }, { a: "" }, { a: 1 }],
    ],
    ["nonOptional", v.looseObject({ a: v.nonOptional(v.optional(v.string())) }), [{}, { a: "" }, { a: null }]],
    ["nonNullish", v.looseObject({ a: v.nonNullish(v.nullish(v.string())) }), [{}, { a: "" }, { a: null }]],
    ["brand", pipe(v.string(), v.brand("id"), v.flavor("x"), v.readonly(), v.maxCodePoints(2)), texts],
    [
      "several schemas in a pipe",
      pipe(
        v.looseObject({ a: v.string() }),
        v.looseObject({ b: v.number() }),
        v.record(v.string(), v.union([v.string(), v.number()])),
      ),
      [{ a: "" }, { a: "", b: 1 }, { a: "", b: 1, c: null }, 1],
    ],
    [
      "an optional one",
      v.looseObject({ a: pipe(v.optional(v.string()), v.picklist(["x"])) }),
      [{}, { a: "x" }, { a: "y" }],
    ],
    [
      "record",
      v.record(v.pipe(v.string(), v.maxCodePoints(1)), v.number()),
      [{}, { a: 1 }, { "😀": 1 }, { ab: 1 }, { a: "" }, []],
    ],
    ["record of chosen keys", v.record(v.picklist(["a", "b"]), v.any()), [{}, { a: 1 }, { c: 1 }]],
    ["strictObject", v.strictObject({ a: v.optional(v.any()) }), [{}, { a: null }, { b: 1 }]],
    ["objectWithRest", v.objectWithRest({ a: v.string() }, v.number()), [{ a: "" }, { a: "", b: 1 }, { a: "", b: "" }]],
    ["literal null", v.literal(null as never), [null, 0, ""]],
    ["a mixed picklist", v.picklist(["a", 1, "a"]), ["a", 1, "1", null]],
    ["nothing to pick from", v.picklist([]), ["a", null]],
    ["an empty union", v.union([]), ["a", null]],
    ["an empty intersect", v.intersect([] as never), ["a", null]],
    ["never", v.object({ a: v.optional(v.never()) }), [{}, { a: 1 }]],
    ["tuple of anything", v.tuple([v.any()]), [[], [1], [1, 2]]],
    [
      "tuple whose last may be absent",
      v.tuple([v.any(), v.string(), v.optional(v.string())]),
      [[], [1], [1, ""], [1, "", 1], [1, "", "", 1]],
    ],
    [
      "a tuple's length",
      pipe(v.tuple([v.any(), v.any()]), v.minLength(2), v.maxLength(2)),
      [[], [1], [1, 2], [1, 2, 3]],
    ],
    ["a loose tuple's", pipe(v.looseTuple([v.any(), v.any()]), v.minLength(3)), [[], [1, 2], [1, 2, 3]]],
    [
      "a loose tuple's longest",
      pipe(v.looseTuple([v.any(), v.any()]), v.maxLength(2), v.minLength(1)),
      [[], [1, 2], [1, 2, 3]],
    ],
    [
      "a tuple whose item must be there",
      v.looseTuple([v.any(), v.nonOptional(v.optional(v.string())), v.optional(v.any())]),
      [[], [1], [1, ""], [1, null], [1, "", 1]],
    ],
    ["strictTuple", v.strictTuple([v.string()]), [[], ["a"], ["a", 1]]],
    ["tupleWithRest", v.tupleWithRest([v.string()], v.number()), [[], ["a"], ["a", 1], ["a", ""]]],
    ["an empty tuple", v.strictTuple([]), [[], [1], {}]],
    ["array without an end", v.array(v.number()), [[], [1, 2], [""]]],
    [
      "lengths of arrays",
      pipe(v.array(v.any()), v.minLength(1), v.maxLength(2), v.notLength(1), v.maxLength(3)),
      [[], [1, 2], [1, 2, 3]],
    ],
    [
      "members",
      pipe(v.record(v.string(), v.any()), v.minEntries(1), v.maxEntries(2)),
      [{}, { a: 1 }, { a: 1, b: 1, c: 1 }],
    ],
    ["code points", pipe(v.string(), v.maxCodePoints(3), v.maxCodePoints(1)), texts],
    ["not so many", pipe(v.string(), v.notCodePoints(2), v.nonEmpty()), texts],
    ["regular expressions", pipe(v.string(), v.regex(/^a/), v.regex(/b$/)), texts],
    ["one of what is not", pipe(v.string(), v.regex(/^[^@]+@[^@]+$/)), [...texts, "😀@x"]],
    ["one with u", pipe(v.string(), v.regex(/^..$/u)), texts],
    ["startsWith", pipe(v.string(), v.startsWith("a."), v.excludes("c")), [...texts, "a.c"]],
    ["endsWith", pipe(v.string(), v.endsWith("b"), v.includes("a")), texts],
    [
      "formats",
      v.union([pipe(v.string(), v.isoDate()), pipe(v.string(), v.email()), pipe(v.string(), v.ipv4())]),
      ["2026-02-30", "2026-13-01", "a@b.cd", "a@b", "1.2.3.4", "1.2.3.400"],
    ],
    [
      "isoTimestamp",
      pipe(v.string(), v.isoTimestamp()),
      ["2026-02-30T12:00:00Z", "2026-02-30 12:00:00.5+0100", "2026-02-30"],
    ],
    ["isoDateTime", pipe(v.string(), v.isoDateTime()), ["2026-02-30T12:00", "2026-02-30T12:00:00Z"]],
    ["isoTime", pipe(v.string(), v.isoTime()), ["12:00", "12:00:00", "24:00"]],
    [
      "numbers",
      pipe(v.number(), v.gtValue(0), v.ltValue(3), v.maxValue(2), v.maxValue(1.5), v.notValue(1)),
      [0, 1, 1.5, 2, 3, "1"],
    ],
    ["integers", pipe(v.number(), v.safeInteger(), v.multipleOf(2)), [2, 3, 1e300, 2 ** 54, "2"]],
    ["values", pipe(v.union([v.number()]), v.values([1, 2, 2])), [1, 2, 3]],
    ["notValues", pipe(v.string(), v.notValues(["a"]), v.notValue("b")), ["a", "b", "c"]],
    ["null in a union", v.nullable(v.union([v.literal(true), v.null()])), [null, true, false]],
    [
      "intersect",
      v.intersect([v.looseObject({ a: v.string() }), v.strictObject({ a: v.any(), b: v.number() })]),
      [{ a: "", b: 1 }, { a: "" }, { a: "", b: 1, c: 1 }],
    ],
    ["lazy", tree, [{}, { children: [{}] }, { children: [{ children: [1] }] }]],
    ["lazy that makes anew", fresh(), [{}, { inner: { inner: {} } }, { inner: { inner: 1 } }]],
    [
      "constructor",
      v.object({ constructor: v.string(), toString: v.optional(v.number()) }),
      [{}, { constructor: "" }, { constructor: "", toString: "" }],
    ],
  ])("%s", (_, schema, values) => {
    const [fitting, right] = judgeBoth(schema, values);
    expect(fitting).toEqual(right);
  });

  it.each<[string, v.GenericSchema, readonly unknown[]]>([
    ["i", pipe(v.string(), v.regex(/^a$/i)), ["A"]],
    ["units", pipe(v.string(), v.regex(/^..$/)), ["😀"]],
    ["units of a class", pipe(v.string(), v.regex(/^[^a]{2}$/)), ["😀"]],
    ["two in a row", pipe(v.string(), v.regex(/^.+.+$/)), ["😀"]],
    ["what is no pattern with u", pipe(v.string(), v.regex(/^a]$/)), ["a]"]],
    ["several lines", pipe(v.string(), v.regex(/^a$/m)), ["b\na"]],
    ["what is a class with u", pipe(v.string(), v.regex(new RegExp(classWithU))), ["p{L}"]],
    ["half of an emoji", pipe(v.string(), v.includes("\ud83d"), v.startsWith("\ud83d")), ["😀"]],
    ["what an array includes", pipe(v.array(v.number()), v.includes(1), v.excludes(2)), [[1], [1, 3]]],
    ["uuid", pipe(v.string(), v.uuid()), ["AAAAAAAA-AAAA-AAAA-AAAA-AAAAAAAAAAAA"]],
    ["url", pipe(v.string(), v.url()), ["http:// é".replace(" ", "")]],
    ["base64", pipe(v.string(), v.base64()), [""]],
    ["characters of what may be a number", pipe(v.union([v.string(), v.number()]), v.notCodePoints(2)), ["a", 1]],
    ["members of what is stripped", pipe(v.object({ a: v.optional(v.any()) }), v.maxEntries(1)), [{ a: 1, b: 1 }]],
    ["a lazy that looks", v.lazy((value) => (value === 1 ? v.number() : v.string())), [1, "a"]],
    ["one that looks at all", v.lazy((...all) => (all[0] === 1 ? v.number() : v.string())), [1, "a"]],
    [
      "a lazy that throws",
      v.lazy(() => {
        if (Math.random() < 2) throw new Error();
        return v.any();
      }),
      [],
    ],
    ["a text's bound", pipe(v.string(), v.minValue("a")), ["b"]],
  ])("what it cannot say is left out: %s", (_, schema, values) => {
    const [fitting, right] = judgeBoth(schema, values);
    expect(fitting).toEqual(values);
    expect(right).toEqual(values);
    expect(JSON.stringify(toJsonSchema(schema))).not.toMatch(/"(?:pattern|format|enum|maximum|m\w+Properties)"/);
  });
});
