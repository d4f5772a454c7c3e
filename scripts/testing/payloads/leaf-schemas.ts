import fc from "fast-check";
import * as v from "valibot";
import { both, onlyDoubles, type Pair, type Runnable } from "./reference.ts";

/** valibot's own types would want to know the schemas. */
export const pipe = v.pipe as unknown as (...items: unknown[]) => v.GenericSchema;

const isEven = (text: string) => text.length % 2 === 0;

const texts: readonly v.GenericSchema[] = [
  v.string(),
  v.pipe(v.string(), v.minLength(1), v.maxLength(3)),
  v.pipe(v.string(), v.nonEmpty(), v.maxCodePoints(2)),
  v.pipe(v.string(), v.notLength(3), v.minBytes(2)),
  v.pipe(v.string(), v.maxBytes(6), v.notBytes(4), v.minCodePoints(2)),
  v.pipe(v.string(), v.codePoints(2)),
  v.pipe(v.string(), v.length(3)),
  v.pipe(v.string(), v.bytes(6)),
  v.pipe(v.string(), v.empty()),
  v.pipe(v.string(), v.minLength(70_000)),
  v.pipe(v.string(), v.notCodePoints(70_000)),
  v.pipe(v.string(), v.regex(/^[a-z]+$/), v.maxLength(4)),
  v.pipe(v.string(), v.regex(/o/)),
  v.pipe(v.string(), v.regex(/^x+$/)),
  v.pipe(v.string(), v.check(isEven)),
  v.pipe(v.string(), v.maxLength(5), v.check(isEven), v.startsWith("t")),
  v.pipe(v.string(), v.endsWith("x"), v.excludes("xy")),
  v.pipe(v.string(), v.includes("ö")),
  v.pipe(v.string(), v.graphemes(2)),
  v.pipe(v.string(), v.maxWords("en", 2)),
  v.pipe(v.string(), v.email()),
  v.pipe(v.string(), v.values(["one", "three"])),
  v.pipe(v.string(), v.notValue("x"), v.minValue("one")),
  v.pipe(v.pipe(v.string(), v.maxLength(9)), v.minLength(3), v.description("a text")),
  pipe(v.nullable(v.string()), v.brand("id")),
  v.picklist(["one", "two", 3]),
  v.picklist(["", 'q"\\', "ööö"]),
  v.pipe(v.picklist(["one", "three", "ööö"]), v.minLength(4)),
  v.enum({ One: "one", Three: "three", Zero: 0 }),
  v.literal("one"),
  v.literal("x".repeat(70_000)),
];

const others: readonly v.GenericSchema[] = [
  v.boolean(),
  v.null(),
  v.never(),
  v.any(),
  v.unknown(),
  v.literal(0),
  v.literal(-3),
  v.literal(true),
  v.nonNullable(v.nullable(v.boolean())),
  v.nonOptional(v.optional(v.literal(false))),
  v.picklist([0, 3, 2.5]),
  v.pipe(v.boolean(), v.readonly()),
];

const numbers: readonly (() => v.GenericSchema)[] = [
  () => v.number(),
  () => v.pipe(v.number(), v.integer(), v.minValue(1)),
  () => v.pipe(v.number(), v.maxValue(10), v.multipleOf(2)),
  () => v.pipe(v.number(), v.gtValue(0), v.ltValue(3)),
  () => v.pipe(v.number(), v.value(0.1)),
  () => v.pipe(v.number(), v.notValues([0, 3])),
  () => v.pipe(v.number(), v.safeInteger()),
  () => v.pipe(v.number(), v.finite(), v.notValue(9007199254740992)),
  () =>
    v.pipe(
      v.number(),
      v.check((value) => !Object.is(value, -0)),
    ),
];

/** A schema of something that has nothing inside. */
export const leaf: fc.Arbitrary<Pair> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(...texts, ...others).map((schema): Pair => ({ own: schema, reference: schema })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...numbers).map((make) => {
      const schema = make() as unknown as Runnable & { pipe?: Runnable[] };
      if (!schema.pipe) return both([], make, onlyDoubles);
      const [root, ...actions] = schema.pipe as [Runnable, ...Runnable[]];
      return { own: make(), reference: pipe(onlyDoubles(root), ...actions) };
    }),
  },
);
