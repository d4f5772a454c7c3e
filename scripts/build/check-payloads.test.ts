import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { defineDomain } from "../../shared/events/domain.ts";
import { domains } from "../../shared/events/registry.ts";
import { listUnsupported } from "./check-payloads.ts";
import { listForgotten } from "./check-registry.ts";

/** valibot's own types refuse some of what is tried. */
const pipe = v.pipe as unknown as (...items: readonly unknown[]) => v.GenericSchema;

function list(payload: unknown): string[] {
  const sample = { user_id: "u", payload: {} };
  const events = { "a.b": { description: "A.", payload: payload as v.GenericSchema, sample } };
  return listUnsupported({ shop: defineDomain({ name: "shop", entryPoint: "shop", topic: "shop", events }) });
}

it("finds nothing in the registry", () => {
  expect(listUnsupported(domains)).toEqual([]);
});

const endless: v.GenericSchema = v.lazy(() => v.union([v.string(), endless]));
const at = (schema: unknown) => v.looseObject({ x: schema as v.GenericSchema });

describe("what no payload's schema may have is a line with type, path and reason", () => {
  it.each<[string, unknown, RegExp]>([
    [
      "a transformation",
      at(pipe(v.string(), v.transform(Number))),
      /^a\.b: payload\.x: v\.transform: .*published as it came\.$/,
    ],
    [
      "trim",
      pipe(
        v.looseObject({}),
        v.readonly(),
        v.rawTransform(() => 1),
      ),
      /^a\.b: payload: v\.rawTransform: /,
    ],
    [
      "one in an array of a record",
      at(v.record(v.string(), v.array(pipe(v.string(), v.toLowerCase())))),
      /payload\.x\.\*\.\*: v\.toLowerCase: /,
    ],
    ["a default", at(v.optional(v.string(), "x")), /payload\.x: v\.optional has a default/],
    ["a default of nullish", at(v.nullish(v.string(), null)), /payload\.x: v\.nullish has a default/],
    [
      "a default in a pipe",
      at(
        pipe(
          v.optional(v.string(), () => "x"),
          v.minLength(1),
        ),
      ),
      /payload\.x: v\.optional has a default/,
    ],
    [
      "a fallback that is undefined",
      at(v.fallback(v.string(), undefined as never)),
      /payload\.x: v\.string has a fallback/,
    ],
    ["a bigint as a limit", at(pipe(v.any(), v.minValue(1n))), /payload\.x: v\.minValue needs a value that JSON has/],
    ["no schema", at(undefined), /payload\.x: there is no schema of valibot\.$/],
    [
      "an object in a record",
      at(pipe(v.record(v.string(), v.object({})), v.record(v.string(), at(v.any())))),
      /payload\.x: v\.object before/,
    ],
    [
      "an object in a tuple",
      at(pipe(v.looseTuple([v.object({})]), v.looseTuple([at(v.any())]))),
      /payload\.x: v\.object before/,
    ],
    [
      "a fallback of a pipe",
      at(v.fallback(pipe(v.string(), v.minLength(1)), "x" as never)),
      /payload\.x: v\.string has a fallback/,
    ],
    ["a fallback", at(v.fallback(v.string(), "x")), /payload\.x: v\.string has a fallback/],
    ["an asynchronous schema", v.looseObjectAsync({}), /payload: v\.looseObject is asynchronous/],
    [
      "an asynchronous check",
      at(
        v.pipeAsync(
          v.string(),
          v.checkAsync(async () => true),
        ),
      ),
      /payload\.x: v\.check is asynchronous/,
    ],
    ["a global pattern", at(pipe(v.string(), v.regex(/x/g))), /payload\.x: v\.regex .*global or sticky/],
    ["a sticky pattern", at(pipe(v.string(), v.regex(/x/y))), /payload\.x: v\.regex .*global or sticky/],
    ["a multiple of a fraction", at(pipe(v.number(), v.multipleOf(0.01))), /payload\.x: v\.multipleOf of a fraction/],
    [
      "infinity as a limit",
      at(pipe(v.number(), v.maxValue(Number.POSITIVE_INFINITY))),
      /payload\.x: v\.maxValue needs a value that JSON has/,
    ],
    ["part of a member", at(pipe(v.record(v.string(), v.any()), v.maxEntries(0.5))), /v\.maxEntries needs a whole/],
    ["fewer than none", at(pipe(v.array(v.any()), v.maxLength(-1))), /payload\.x: v\.maxLength needs a whole number/],
    ["a multiple of 0", at(pipe(v.number(), v.multipleOf(0))), /payload\.x: v\.multipleOf of 0 takes nothing/],
    ["a lazy without an end", at(endless), /payload\.x: v\.lazy contains itself, and never comes to an end\.$/],
    [
      "a tuple beside an array",
      at(v.intersect([v.array(v.any()), v.tuple([v.any()])])),
      /payload\.x: v\.tuple beside .* use v\.looseTuple\.$/,
    ],
    ["a long minLength", at(pipe(v.string(), v.minLength(2))), /payload\.x: v\.minLength .* use v\.minCodePoints\.$/],
    ["maxLength", at(pipe(v.string(), v.maxLength(2))), /payload\.x: v\.maxLength .* use v\.maxCodePoints\.$/],
    [
      "length",
      at(pipe(v.union([v.string(), v.number()]), v.length(2))),
      /payload\.x: v\.length .* use v\.codePoints\.$/,
    ],
    [
      "an object before an object",
      at(pipe(v.object({}), v.looseObject({}))),
      /payload\.x: v\.object before .* use v\.looseObject\.$/,
    ],
    [
      "one in a union",
      pipe(v.union([v.string(), v.object({})]), v.record(v.string(), v.any())),
      /payload: v\.object before/,
    ],
    ["one inside", pipe(at(v.object({})), at(v.looseObject({ a: v.string() }))), /payload: v\.object before/],
    [
      "a tuple before an array",
      at(pipe(v.tuple([v.any()]), v.array(v.any()))),
      /payload\.x: v\.tuple before .* use v\.looseTuple\.$/,
    ],
    ["a name with a space", at(v.object({ "a b": v.any() })), /payload\.x: v\.object has the member "a b"/],
    ["a literal that is not JSON", at(v.literal(1n)), /payload\.x: v\.literal has a value that is not JSON/],
    ["a picklist with one", at(v.picklist(["a", Number.NaN])), /payload\.x: v\.picklist has a value that is not JSON/],
    ["settings", at(v.config(v.string(), { abortEarly: true })), /payload\.x: v\.config hides/],
    ["a message around a schema", at(v.message(v.string(), "x")), /payload\.x: v\.message hides/],
    ["a kind of the author's own", at({ ...v.string(), type: "mine" }), /payload\.x: v\.mine is not known/],
    ["what lazy makes", at(v.lazy(() => v.date())), /payload\.x: v\.date is no JSON value/],
    [
      "what lazy makes of what it made",
      v.lazy(() => at(v.lazy(() => v.date()))),
      /payload\.x: v\.date is no JSON value/,
    ],
    [
      "an option of a variant",
      v.variant("t", [v.object({ t: v.literal("a"), x: v.map(v.any(), v.any()) })]),
      /payload\.x: v\.map is no JSON value/,
    ],
  ])("%s", (_, payload, line) => {
    expect(list(payload)).toEqual([expect.stringMatching(line)]);
    expect(list(payload)[0]).toMatch(/^[^\n]*$/);
  });

  it.each([
    ...[v.bigint(), v.blob(), v.date(), v.file(), v.function(), v.instance(Date), v.map(v.any(), v.any()), v.nan()],
    ...[v.promise(), v.set(v.any()), v.symbol(), v.undefined(), v.undefinedable(v.any()), v.void()],
  ])("the kind %#", (schema) => {
    expect(list(at(schema))[0]).toMatch(/^a\.b: payload\.x: v\.\w+ is no JSON value\.$/);
  });
});

it("takes everything else", () => {
  const tree: v.GenericSchema = v.looseObject({ children: v.optional(v.array(v.lazy(() => tree))) });
  const json: v.GenericSchema = v.lazy(() => v.union([v.string(), v.array(json), v.record(v.string(), json)]));
  const fresh = (): v.GenericSchema => v.looseObject({ inner: v.optional(v.lazy(() => fresh())) });
  for (const schema of [
    tree,
    json,
    fresh(),
    v.intersect([v.object({ a: v.any() }), v.looseObject({ b: v.looseTuple([v.any()]) })]),
    v.lazy((input) => (Object.hasOwn(input as object, "a") ? v.looseObject({}) : v.any())),
    v.record(v.pipe(v.string(), v.regex(/^[a-z]/)), v.any()),
    v.strictObject({ a: v.nonNullable(v.nullable(v.string())), b: v.pipe(v.string(), v.brand("id")) }),
    v.pipe(
      v.looseObject({}),
      v.custom(() => true),
      v.looseObject({ a: v.any() }),
      v.rawCheck(() => {}),
    ),
    v.pipe(
      v.object({ a: v.object({}) }),
      v.check(() => true),
    ),
    pipe(at(v.object({})), v.looseObject({ y: v.any() })),
    v.variant("t", [v.object({ t: v.literal(1), list: v.array(v.string()) })]),
    at(
      v.pipe(
        v.string(),
        v.minLength(1),
        v.maxCodePoints(3),
        v.guard((text): text is "a" => text === "a"),
      ),
    ),
    at(v.pipe(v.array(v.any()), v.maxLength(3), v.minLength(2), v.length(2))),
    at(v.strictTuple([v.literal(null as never)])),
  ]) {
    expect(list(schema)).toEqual([]);
  }
});

it("has a line for a sample whose check throws, without what it says", () => {
  const payload = at(
    v.pipe(
      v.any(),
      v.check((value) => BigInt(value as string) > 0n),
    ),
  );
  const events = { "a.b": { description: "A.", payload, sample: { user_id: "u", payload: { x: "s3cr3t" } } } };
  const lines = listForgotten({ shop: defineDomain({ name: "shop", entryPoint: "shop", topic: "shop", events }) });
  expect(lines.filter((line) => line.includes("a.b"))).toEqual([
    "shared/events/shop.ts: the sample of a.b breaks its schema at payload.x",
  ]);
});
