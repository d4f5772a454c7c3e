import fc from "fast-check";
import * as v from "valibot";
import { names } from "./any-json.ts";
import { leaf, pipe } from "./leaf-schemas.ts";
import { both, cutAt, endAtObject, type Maker, onlyObjects, type Pair, withoutMerging } from "./reference.ts";

type Entries = readonly (readonly [string, Pair])[];
type Tagged = readonly (readonly [v.GenericSchema, Entries])[];

const wrappers: Readonly<Record<string, Maker>> = {
  optional: ([schema]) => v.optional(schema as v.GenericSchema),
  nullish: ([schema]) => v.nullish(schema as v.GenericSchema),
  nullable: ([schema]) => v.nullable(schema as v.GenericSchema),
  exact: ([schema]) => v.exactOptional(schema as v.GenericSchema),
};

function wrap(mode: string, pair: Pair): Pair {
  const make = wrappers[mode];
  return make ? both([pair], make) : pair;
}

/** Makes schemas over the members of `entries`, which stand behind the first `skipped` parts. */
function toMembers(
  entries: Entries,
  schemas: readonly v.GenericSchema[],
  toName: (name: string) => string,
  skipped = 0,
) {
  return Object.fromEntries(entries.map(([name], i) => [toName(name), schemas[i + skipped] as v.GenericSchema]));
}

const partsOf = (entries: Entries) => entries.map(([, pair]) => pair);

function toObject(entries: Entries, kind: string): Pair {
  const make: Maker = (schemas, toName) => {
    const members = toMembers(entries, schemas, toName);
    if (kind !== "partial" || !members.a) return v.object(members);
    const check = v.partialCheck([["a"]], (value: { a?: unknown }) => value.a !== "one", "a must not be one");
    return pipe(v.object(members), check);
  };
  const object = both(partsOf(entries), make, onlyObjects);
  // valibot keeps the members that it does not name, so that checks around it see them; here they are never made into values.
  if (kind === "loose") {
    const parts = partsOf(entries).map(({ own }) => own);
    return { ...object, own: v.looseObject(toMembers(entries, parts, (name) => name)) };
  }
  if (kind !== "checked") return object;
  const hasRightLength = (value: object) =>
    JSON.stringify(Object.values(value)).replaceAll('"own ', '"').length % 3 !== 0;
  const check = v.forward(v.check<object, "no">(hasRightLength, "no") as never, ["a"] as never);
  return both([object], ([schema]) => pipe(schema, check));
}

/** A record, or an object with a rest, whose entries have the schema `value`. */
function toOpenObject(value: Pair, entries: Entries, key: v.GenericSchema): Pair {
  if (entries.length === 0) {
    return both([value], ([schema]) => v.record(key as never, schema as v.GenericSchema), endAtObject([]));
  }
  const make: Maker = (schemas, toName) =>
    v.objectWithRest(toMembers(entries, schemas, toName, 1), schemas[0] as v.GenericSchema);
  return both([value, ...partsOf(entries)], make, endAtObject(entries.map(([name]) => name)));
}

function toArray(item: Pair, limit: number, kind: string): Pair {
  const array = both([item], ([schema]) => v.array(schema as v.GenericSchema), cutAt(limit));
  const counted = both([array], ([schema]) => pipe(schema, v.minLength(1), v.maxLength(limit)));
  const isText = (value: unknown) => typeof value === "string";
  const check: Readonly<Record<string, unknown>> = {
    checkItems: v.checkItems((value, index) => isText(value) || index === 0),
    everyItem: v.everyItem((value) => !isText(value)),
    someItem: v.someItem((value) => value !== null),
    check: v.check((value) => Array.isArray(value) && value.length !== 1),
    includes: v.includes(null as never),
    length: v.notLength(2),
  };
  return check[kind] ? both([counted], ([schema]) => pipe(schema, check[kind])) : counted;
}

/** Objects told apart by `t`; those of the `nested` variant by `u` as well. */
function toVariant(options: Tagged, nested?: Tagged): Pair {
  const toObjects = (key: "t" | "u", tagged: Tagged) =>
    tagged.map(([tag, entries]) =>
      both(partsOf(entries), (schemas, toName) => {
        const tags: v.ObjectEntries = key === "t" ? { t: tag } : { t: v.picklist(["one", "two", "x"]), u: tag };
        return v.object({ ...toMembers(entries, schemas, toName), ...tags });
      }),
    );
  const toOne = (key: "t" | "u", objects: readonly Pair[]) =>
    both(objects, (schemas) => v.variant(key, schemas as never) as v.GenericSchema);
  const objects = toObjects("t", options);
  const variant = toOne("t", nested ? [...objects, toOne("u", toObjects("u", nested))] : objects);
  return both([variant], ([schema]) => schema as v.GenericSchema, onlyObjects);
}

const anyTag = fc.constantFrom<v.GenericSchema>(
  v.literal("one"),
  v.literal(3),
  v.picklist(["two", "three"]),
  v.optional(v.literal("x")),
  v.nullable(v.literal("ööö")),
);

/** Any schema that the contract lets a payload have, and the same as the contract judges by it. */
export const { schema: anySchema } = fc.letrec<{
  schema: Pair;
  entries: Entries;
  tagged: Tagged;
}>((tie) => ({
  entries: fc.uniqueArray(
    fc
      .tuple(
        fc.constantFrom("a", "a", "b", ...names),
        fc.constantFrom("plain", ...Object.keys(wrappers)),
        tie("schema"),
      )
      .map(([name, mode, pair]) => [name, wrap(mode, pair)] as const),
    { selector: ([name]) => name, maxLength: 3 },
  ),
  tagged: fc.array(fc.tuple(anyTag, tie("entries")), { minLength: 1, maxLength: 3 }),
  schema: fc.oneof(
    { maxDepth: 4, depthSize: "small", withCrossShrink: true },
    { weight: 4, arbitrary: leaf },
    {
      weight: 4,
      arbitrary: fc
        .tuple(tie("entries"), fc.constantFrom("object", "loose", "checked", "partial"))
        .map(([entries, kind]) => toObject(entries, kind)),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          tie("schema"),
          fc.integer({ min: 0, max: 3 }),
          fc.constantFrom("", "", "", "checkItems", "everyItem", "someItem", "check", "includes", "length"),
        )
        .map(([item, limit, kind]) => toArray(item, limit, kind)),
    },
    {
      weight: 1,
      arbitrary: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }).chain((items) => {
        const withRest: Maker = ([rest, ...first]) =>
          v.tupleWithRest(first as unknown as [v.GenericSchema], rest as v.GenericSchema);
        return fc.constantFrom<Pair>(
          both(items, (schemas) => v.tuple(schemas as [v.GenericSchema])),
          both([both(items, (schemas) => v.tuple(schemas as [v.GenericSchema]))], ([schema]) =>
            pipe(
              schema,
              v.check((value) => JSON.stringify(value).length % 2 === 0),
            ),
          ),
          both(items, (schemas) => v.looseTuple(schemas as [v.GenericSchema])),
          both([both(items, (schemas) => v.looseTuple(schemas as [v.GenericSchema]))], ([schema]) =>
            pipe(schema, v.notLength(2)),
          ),
          both([both(items, withRest, cutAt(3))], ([schema]) => pipe(schema, v.maxLength(3))),
        );
      }),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          tie("schema"),
          fc.oneof({ weight: 2, arbitrary: fc.constant<Entries>([]) }, { weight: 1, arbitrary: tie("entries") }),
          fc.constantFrom<v.GenericSchema>(
            v.string(),
            v.pipe(v.string(), v.maxLength(1)),
            v.picklist(["a", "b", "ü"]),
            v.pipe(v.string(), v.regex(/[a-zü]$/)),
          ),
        )
        .map(([value, entries, key]) => toOpenObject(value, entries, key)),
    },
    {
      weight: 2,
      arbitrary: fc.array(tie("schema"), { maxLength: 3 }).map((options) => both(options, (all) => v.union(all))),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(tie("tagged"), fc.option(tie("tagged"), { nil: undefined }))
        .map(([options, nested]) => toVariant(options, nested)),
    },
    {
      weight: 1,
      arbitrary: fc
        .array(tie("schema"), { minLength: 1, maxLength: 2 })
        .map((options) => both(options, (all) => v.intersect(all as never) as v.GenericSchema, withoutMerging)),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(tie("schema"), fc.constantFrom("optional", "nullish", "nullable"))
        .map(([pair, mode]) => wrap(mode, pair)),
    },
  ),
}));
