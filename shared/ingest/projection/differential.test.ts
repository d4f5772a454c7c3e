import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { compile, UnsupportedSchema } from "./compile.ts";
import { judge } from "./faults.ts";
import { Projector, toRoute } from "./project.ts";

// For random schemas and random JSON, the projection gives the verdict and the paths that valibot gives of JSON.parse; where
// the contract wants something else, `reference` says what, on valibot's side.

interface Runnable {
  readonly type: string;
  "~run"(dataset: { value: unknown; typed?: boolean; issues?: unknown[] }, config: object): Result;
}

interface Result {
  value: unknown;
  typed: boolean;
  issues?: { kind: string; type: string; path?: { key: string | number }[] }[];
}

/** A schema of the author's, and what the contract makes of it. */
interface Pair {
  readonly own: v.GenericSchema;
  readonly reference: v.GenericSchema;
}

type Maker = (schemas: v.GenericSchema[]) => v.GenericSchema;

/** The same schema over the authors' schemas and over the references, with a deviation on the latter's side. */
function both(parts: readonly Pair[], make: Maker, deviate: (schema: Runnable) => Runnable = (schema) => schema): Pair {
  const reference = make(parts.map((part) => part.reference)) as unknown as Runnable;
  return {
    own: make(parts.map((part) => part.own)),
    reference: deviate(reference) as unknown as v.GenericSchema,
  };
}

function refuseWhere(isRefused: (value: unknown) => boolean) {
  return (schema: Runnable): Runnable => ({
    ...schema,
    "~run"(dataset, config) {
      if (!isRefused(dataset.value)) return schema["~run"](dataset, config);
      return { value: dataset.value, typed: false, issues: [{ kind: "schema", type: schema.type }] };
    },
  });
}

/** valibot takes an array for an object. */
const onlyObjects = refuseWhere(Array.isArray);
/** A number beyond a double's range is no number. */
const onlyDoubles = refuseWhere((value) => value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY);

/** The path of an entry's fault ends at its object; `entries` are the members that have schemas of their own. */
function endAtObject(entries: readonly string[]) {
  return (schema: Runnable): Runnable => ({
    ...onlyObjects(schema),
    "~run"(dataset, config) {
      const result = onlyObjects(schema)["~run"](dataset, config);
      const isOwn = ({ path }: { path?: { key: string | number }[] }) =>
        !path || entries.includes(String(path[0]?.key));
      const own = result.issues?.filter(isOwn) ?? [];
      const [other] = result.issues?.filter((issue) => !isOwn(issue)) ?? [];
      if (other) result.issues = [...own, { kind: other.kind, type: other.type }];
      return result;
    },
  });
}

/** An array that is too long has that fault, whatever its items have, and only the first of these are judged. */
function cutAt(limit: number) {
  return (schema: Runnable): Runnable => ({
    ...schema,
    "~run"(dataset, config) {
      const { value } = dataset;
      if (!Array.isArray(value) || value.length <= limit) return schema["~run"](dataset, config);
      const result = schema["~run"]({ ...dataset, value: value.slice(0, limit) }, config);
      result.issues = [{ kind: "validation", type: "max_length" }, ...(result.issues ?? [])];
      return result;
    },
  });
}

/** valibot's own types would want to know the schemas. */
const pipe = v.pipe as unknown as (...items: unknown[]) => v.GenericSchema;

const names = ["a", "b", "ü", "c.d"];
const texts = ["", "x", "one", "two", "three", "ööö", "😀😀", 'q"\\', "0123456789"];

const leaf: fc.Arbitrary<Pair> = fc.oneof(
  fc
    .constantFrom<v.GenericSchema>(
      v.string(),
      v.pipe(v.string(), v.minLength(1), v.maxLength(3)),
      v.pipe(v.string(), v.nonEmpty(), v.maxCodePoints(2)),
      v.pipe(v.string(), v.notLength(3), v.minBytes(2)),
      v.pipe(v.string(), v.regex(/^[a-z]+$/), v.maxLength(4)),
      v.pipe(v.string(), v.regex(/o/)),
      v.pipe(
        v.string(),
        v.check((text) => text.length % 2 === 0),
      ),
      v.boolean(),
      v.null(),
      v.never(),
      v.any(),
      v.unknown(),
      v.literal("one"),
      v.literal(0),
      v.literal(true),
      v.picklist(["one", "two", 3]),
      v.enum({ One: "one", Three: "three" }),
    )
    .map((schema): Pair => ({ own: schema, reference: schema })),
  fc
    .constantFrom<() => v.GenericSchema>(
      () => v.number(),
      () => v.pipe(v.number(), v.integer(), v.minValue(1)),
      () => v.pipe(v.number(), v.maxValue(10), v.multipleOf(2)),
    )
    .map((make) => {
      const schema = make() as unknown as Runnable & { pipe?: Runnable[] };
      if (!schema.pipe) return both([], make, onlyDoubles);
      const [root, ...actions] = schema.pipe as [Runnable, ...Runnable[]];
      return { own: make(), reference: pipe(onlyDoubles(root), ...actions) };
    }),
);

const { schema: anySchema } = fc.letrec<{ schema: Pair; entries: [string, Pair][]; object: Pair }>((tie) => ({
  entries: fc.uniqueArray(
    fc.tuple(
      fc.constantFrom(...names),
      fc
        .tuple(fc.constantFrom("plain", "optional", "nullish", "nullable", "exact"), tie("schema"))
        .map(([mode, pair]) => {
          const wrap: Record<string, Maker> = {
            optional: ([schema]) => v.optional(schema as v.GenericSchema),
            nullish: ([schema]) => v.nullish(schema as v.GenericSchema),
            nullable: ([schema]) => v.nullable(schema as v.GenericSchema),
            exact: ([schema]) => v.exactOptional(schema as v.GenericSchema),
          };
          return wrap[mode] ? both([pair], wrap[mode]) : pair;
        }),
    ),
    { selector: ([name]) => name, maxLength: 3 },
  ),
  object: fc.tuple(tie("entries"), fc.constantFrom("object", "loose", "checked", "partial")).map(([entries, kind]) => {
    const make: Maker = (schemas) => {
      const members = Object.fromEntries(entries.map(([name], i) => [name, schemas[i] as v.GenericSchema]));
      if (kind === "loose") return v.looseObject(members);
      if (kind === "partial" && members.a) {
        const check = v.partialCheck([["a"]], (value: { a?: unknown }) => value.a !== "one", "a must not be one");
        return pipe(v.object(members), check);
      }
      return v.object(members);
    };
    const parts = entries.map(([, pair]) => pair);
    if (kind !== "checked") return both(parts, make, onlyObjects);
    const hasRightLength = (value: object) => JSON.stringify(Object.values(value)).length % 3 !== 0;
    const check = v.forward(v.check<object, "no">(hasRightLength, "no") as never, ["a"] as never);
    const pair = both(parts, make, onlyObjects);
    return both([pair], ([schema]) => pipe(schema, check));
  }),
  schema: fc.oneof(
    { maxDepth: 4, depthSize: "small", withCrossShrink: true },
    { weight: 3, arbitrary: leaf },
    { weight: 3, arbitrary: tie("object") },
    {
      weight: 2,
      arbitrary: fc.tuple(tie("schema"), fc.integer({ min: 0, max: 3 })).map(([item, limit]) => {
        const array = both([item], ([schema]) => v.array(schema as v.GenericSchema), cutAt(limit));
        return both([array], ([schema]) => pipe(schema, v.minLength(1), v.maxLength(limit)));
      }),
    },
    {
      weight: 1,
      arbitrary: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }).chain((items) =>
        fc.constantFrom<Pair>(
          both(items, (schemas) => v.tuple(schemas as [v.GenericSchema])),
          both(items, (schemas) => v.looseTuple(schemas as [v.GenericSchema])),
          both(
            [
              both(
                items,
                ([rest, ...first]) => v.tupleWithRest(first as unknown as [v.GenericSchema], rest as v.GenericSchema),
                cutAt(3),
              ),
            ],
            ([schema]) => pipe(schema, v.maxLength(3)),
          ),
        ),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(tie("schema"), tie("entries")).map(([value, entries]) => {
        if (entries.length === 0) {
          return both([value], ([schema]) => v.record(v.string(), schema as v.GenericSchema), endAtObject([]));
        }
        const make: Maker = ([rest, ...schemas]) =>
          v.objectWithRest(
            Object.fromEntries(entries.map(([name], i) => [name, schemas[i] as v.GenericSchema])),
            rest as v.GenericSchema,
          );
        return both([value, ...entries.map(([, pair]) => pair)], make, endAtObject(entries.map(([name]) => name)));
      }),
    },
    {
      weight: 1,
      arbitrary: tie("schema").map((value) =>
        both(
          [value],
          ([schema]) => v.record(v.pipe(v.string(), v.maxLength(1)) as never, schema as v.GenericSchema),
          endAtObject([]),
        ),
      ),
    },
    {
      weight: 2,
      arbitrary: fc.array(tie("schema"), { maxLength: 3 }).map((options) => both(options, (all) => v.union(all))),
    },
    {
      weight: 1,
      arbitrary: fc
        .array(
          fc.tuple(
            fc.constantFrom<v.GenericSchema>(v.literal("one"), v.literal(3), v.picklist(["two", "three"])),
            tie("entries"),
          ),
          {
            minLength: 1,
            maxLength: 3,
          },
        )
        .map((options) => {
          const objects = options.map(([key, entries]) =>
            both(
              entries.map(([, pair]) => pair),
              (schemas) =>
                v.object({
                  ...Object.fromEntries(entries.map(([name], i) => [name, schemas[i] as v.GenericSchema])),
                  t: key,
                }),
            ),
          );
          return both(objects, (schemas) => v.variant("t", schemas as never) as v.GenericSchema, onlyObjects);
        }),
    },
    {
      weight: 1,
      arbitrary: fc
        .array(fc.array(fc.tuple(fc.constantFrom(...names), leaf), { maxLength: 2 }), { minLength: 1, maxLength: 2 })
        .map((options) => {
          const objects = options.map((entries) =>
            both(
              entries.map(([, pair]) => pair),
              (schemas) =>
                v.looseObject(Object.fromEntries(entries.map(([name], i) => [name, schemas[i] as v.GenericSchema]))),
              onlyObjects,
            ),
          );
          return both(objects, (schemas) => v.intersect(schemas as never) as v.GenericSchema);
        }),
    },
  ),
}));

/** JSON text: members may stand twice, and their names may be escaped. */
const { json: anyJson } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5, depthSize: "small", withCrossShrink: true },
    { weight: 4, arbitrary: fc.constantFrom(...texts).map((text) => JSON.stringify(text)) },
    {
      weight: 4,
      arbitrary: fc.constantFrom(
        "0",
        "3",
        "-0",
        "2.50",
        "1E1",
        "0.1",
        "1e400",
        "-1e400",
        "12345678901234567890",
        "1e-7",
      ),
    },
    { weight: 2, arbitrary: fc.constantFrom("true", "false", "null", '"\\u006fne"', '"\\ud83d\\ude00"') },
    {
      weight: 6,
      arbitrary: fc
        .array(fc.tuple(fc.constantFrom(...names, ...names, "t", "t", "x", "\\u0061", "\\u00fc", "\\n"), tie("json")), {
          maxLength: 5,
        })
        .map((members) => `{ ${members.map(([name, value]) => `"${name}" :${value}`).join(" , ")}}`),
    },
    { weight: 3, arbitrary: fc.array(tie("json"), { maxLength: 5 }).map((items) => `[ ${items.join(" ,")}]`) },
  ),
}));

function listReferencePaths(schema: v.GenericSchema, text: string): string[] {
  const { issues } = (schema as unknown as Runnable)["~run"]({ value: JSON.parse(text) }, {});
  return [...new Set(issues?.map(({ path }) => ["payload", ...(path?.map(({ key }) => key) ?? [])].join(".")))];
}

function listPaths(schema: v.GenericSchema, text: string): string[] {
  const compiled = compile(schema, "payload");
  const projector = new Projector(Buffer.from(text));
  const value = projector.project(0, toRoute(compiled.plan), 1);
  expect(projector.end).toBe(Buffer.byteLength(text));
  return [...(judge(compiled, value, "payload")?.keys() ?? [])];
}

describe("the projection", () => {
  it("gives the verdict and the paths that valibot gives of JSON.parse", () => {
    const counts = { unsupported: 0, right: 0, wrong: 0 };
    fc.assert(
      fc.property(anySchema, fc.array(anyJson, { minLength: 1, maxLength: 12 }), ({ own, reference }, all) => {
        for (const text of all) {
          let paths: string[];
          try {
            paths = listPaths(own, text);
          } catch (error) {
            if (!(error instanceof UnsupportedSchema)) throw error;
            counts.unsupported++;
            return;
          }
          const expected = listReferencePaths(reference, text);
          counts[expected.length === 0 ? "right" : "wrong"]++;
          expect(paths, text).toEqual(expected);
        }
      }),
      { numRuns: 1500 },
    );
    expect(counts.right).toBeGreaterThan(700);
    expect(counts.wrong).toBeGreaterThan(700);
    expect(counts.unsupported).toBeLessThan(300);
  });
});
