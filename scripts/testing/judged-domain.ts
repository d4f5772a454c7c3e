import * as v from "valibot";
import { defineDomain } from "../../shared/events/domain.ts";

// Event types whose schemas are hard to judge, for tests to put in the place of the registry's.

const number = v.number();
const text = v.string();

interface Tree {
  readonly n: number;
  readonly children?: readonly Tree[] | undefined;
}
const tree: v.GenericSchema<Tree> = v.looseObject({ n: number, children: v.optional(v.array(v.lazy(() => tree))) });

const a = v.looseObject({ t: v.literal("a"), n: number });
const b = v.looseObject({ t: v.literal("b"), list: v.array(text) });
const nested = (depth: number): v.GenericSchema => v.record(v.string(), depth === 1 ? number : nested(depth - 1));

/** Repeats what was sent, and may never be called. */
const tell = ({ input }: { readonly input: unknown }) => `told ${JSON.stringify(input)}`;

const payloads: Readonly<Record<string, v.GenericSchema>> = {
  record: v.looseObject({ map: v.record(v.pipe(text, v.maxCodePoints(8)), number), n: v.optional(number) }),
  records: v.looseObject({ deep: nested(5) }),
  rest: v.objectWithRest({ n: number }, text),
  strict: v.strictObject({ n: number, of: v.optional(v.array(v.strictObject({ n: number }))) }),
  union: v.pipe(
    v.object({
      of: v.union([
        v.pipe(
          a,
          v.check(({ n }) => n > 0),
        ),
        v.pipe(
          b,
          v.check(({ list }) => list.length < 3),
        ),
      ]),
      other: v.optional(v.any()),
    }),
    v.check(
      ({ of }) =>
        typeof of === "object" &&
        Object.getPrototypeOf(of) === Object.prototype &&
        (of.t === "a" || of.list.every((item) => item !== "no")),
    ),
  ),
  intersect: v.intersect([
    v.nullable(v.union([a, b])),
    v.looseObject({ t: text, map: v.optional(v.record(text, number)) }),
  ]),
  arrays: v.looseObject({
    x: v.pipe(v.array(number), v.maxLength(2)),
    y: v.pipe(
      v.array(number),
      v.maxLength(2),
      v.checkItems((n) => n > 0),
    ),
  }),
  forward: v.pipe(
    v.looseObject({ low: v.optional(number), high: v.optional(v.looseObject({ n: v.optional(number) })) }),
    v.forward(
      v.partialCheck([["low"], ["high"]], ({ low = 0, high }) => low < (high?.n ?? 1), tell),
      ["high"],
    ),
    v.forward(
      v.check(({ low }) => BigInt(low ?? 1) > 0n, tell),
      ["low"],
    ),
  ),
  throws: v.looseObject({
    id: v.pipe(
      v.any(),
      v.check((x) => BigInt(x as string) > 0n, tell),
    ),
    of: v.optional(v.custom((x) => (x as string).startsWith("x"), tell)),
  }),
  variant: v.variant("t", [
    v.looseObject({ t: v.literal("a"), n: v.number(tell) }),
    v.variant("u", [v.looseObject({ t: v.literal("b"), u: v.literal(1) })]),
  ]),
  tree,
  kinds: v.looseObject({
    brand: v.optional(v.pipe(text, v.brand("id"), v.maxCodePoints(2))),
    some: v.nonNullable(v.nullable(text)),
    two: v.optional(v.pipe(v.looseObject({ n: number }), v.looseObject({ t: text }) as never)),
    tuple: v.optional(v.tuple([v.any(), v.optional(text)])),
    pick: v.optional(v.picklist(["x", 1, null as never])),
  }),
  raw: v.pipe(
    v.looseObject({ map: v.optional(v.record(text, v.any())), n: v.optional(number) }),
    v.rawCheck(({ dataset, addIssue }) => {
      const { map = {}, n } = dataset.value as { map?: Record<string, unknown>; n?: number };
      for (const key of Object.keys(map)) {
        const at = (key: string, input: object) =>
          ({ type: "object", origin: "value", input, key, value: map }) as never;
        if (key === "bad") addIssue({ message: tell({ input: map }), path: [at("map", map), at(key, map)] });
      }
      if (n === 7) throw new Error(`seven is ${n}`);
    }),
  ),
  names: v.looseObject({
    constructor: v.optional(text),
    prototype: v.optional(text),
    ["__proto__"]: v.optional(text),
    map: v.optional(v.record(text, number)),
  }),
  numbers: v.looseObject({
    n: v.optional(number),
    u: v.optional(v.union([text, number])),
    c: v.optional(v.custom((x) => typeof x === "number" && x > 0)),
    k: v.optional(
      v.pipe(
        v.any(),
        v.check((x) => x !== Number.POSITIVE_INFINITY && !Number.isNaN(x)),
      ),
    ),
  }),
};

const samples: Readonly<Record<string, object>> = {
  record: { map: { a: 1 } },
  records: { deep: {} },
  rest: { n: 1 },
  strict: { n: 1 },
  union: { of: { t: "a", n: 1 } },
  intersect: { t: "a", n: 1 },
  arrays: { x: [], y: [] },
  forward: {},
  throws: { id: "1" },
  variant: { t: "a", n: 1 },
  tree: { n: 1 },
  kinds: { some: "" },
};

const entries = Object.entries(payloads).flatMap(([name, payload]) =>
  [false, true].map((enforce) => {
    const sample = { user_id: "usr_1", payload: samples[name] ?? {} };
    return [
      `${enforce ? "enforced" : "reported"}.${name}`,
      { description: `A ${name}.`, payload, enforce, sample },
    ] as const;
  }),
);

export const commerce = defineDomain({
  name: "commerce",
  entryPoint: "commerce",
  topic: "pulsecart.commerce-events",
  events: Object.fromEntries(entries),
});
