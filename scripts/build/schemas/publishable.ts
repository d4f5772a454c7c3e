import * as v from "valibot";
import { takesNothing } from "../../../shared/events/judging/prepare.ts";
import { type Item, isSchema, mapParts, type Schema } from "../../../shared/events/judging/valibot.ts";

/** An action of a pipe, for the converter to leave to us. */
export interface OwnAction extends Item {
  readonly action: Item;
  /** The kind of the schema that it stands behind. */
  readonly of: Schema;
}

/** How many schemas that `lazy` makes anew each time are looked into: behind them anything is published. */
const MAX_LAZY = 8;

/** A schema that refuses what is absent, whatever it was rewritten into. */
export interface Present extends Schema {
  readonly isPresent?: true;
}

const NOT_NULL = { ...v.any(), type: "not_null" } as unknown as Schema;
const ANYTHING = v.any() as unknown as Schema;

/** By the author's schema, so that one that is there twice, or contains itself, stays one. */
const made = new WeakMap<Schema, Schema>();

/**
 * Rewrites a schema into kinds that the converter knows, and that mean the same.
 *
 * What only the value decides (a `lazy` that looks at it) becomes anything.
 */
export function toPublishable(schema: v.GenericSchema): v.GenericSchema {
  return rewrite(schema as unknown as Schema, 0) as unknown as v.GenericSchema;
}

function rewrite(schema: Schema, lazy: number): Schema {
  let result = made.get(schema);
  if (!result) {
    result = schema.pipe ? rewritePipe(schema, schema.pipe, lazy) : rewriteKind(schema, lazy);
    made.set(schema, result);
  }
  return result;
}

function rewriteKind(schema: Schema, lazy: number): Schema {
  const own = mapParts(schema, (part) => rewrite(part, lazy));
  switch (schema.type) {
    case "variant":
      // Of the options whose discriminator fits, any may be right.
      return { ...own, type: "union" };
    case "non_nullable":
      return toIntersect([own.wrapped as Schema, NOT_NULL]);
    case "non_nullish":
      return toPresent([own.wrapped as Schema, NOT_NULL]);
    case "non_optional":
      return toPresent([own.wrapped as Schema]);
    case "lazy":
      return toLazy(schema, lazy);
    default:
      return own;
  }
}

function toIntersect(options: readonly Schema[]): Schema {
  return v.intersect(options as never) as unknown as Schema;
}

/** No value of JSON is undefined; but unlike what it wraps, it is required. */
function toPresent(options: readonly Schema[]): Present {
  return { ...toIntersect(options), isPresent: true };
}

function toLazy(schema: Schema, lazy: number): Schema {
  const getter = schema.getter as (value: unknown) => unknown;
  if (!takesNothing(getter) || lazy === MAX_LAZY) return ANYTHING;
  let inner: unknown;
  try {
    inner = getter(undefined);
  } catch {
    return ANYTHING;
  }
  if (!isSchema(inner)) return ANYTHING;
  const found = inner;
  // Not at once: it may be the schema around this one.
  return { ...schema, getter: () => rewrite(found, lazy + 1) };
}

/** Several schemas in a pipe all look at the value. */
function rewritePipe(schema: Schema, pipe: readonly Item[], lazy: number): Schema {
  const groups: Item[][] = [];
  for (const item of flatten(pipe)) {
    if (isSchema(item)) groups.push([item]);
    else groups.at(-1)?.push(item);
  }
  const parts = groups.map(([root, ...items]) => toPart(root as Schema, items, lazy));
  if (parts.length === 1) return parts[0] as Schema;
  const whole = toIntersect(parts);
  const isLeftOut = ["optional", "exact_optional", "nullish"].includes(schema.type);
  return isLeftOut ? (v.optional(whole as never) as unknown as Schema) : whole;
}

function flatten(pipe: readonly Item[]): readonly Item[] {
  return pipe.flatMap((item) => (isSchema(item) && item.pipe ? flatten(item.pipe) : [item]));
}

function toPart(root: Schema, items: readonly Item[], lazy: number): Schema {
  const own = rewrite(root, lazy);
  if (items.length === 0) return own;
  const actions = items.map((action) =>
    action.kind === "metadata" ? action : ({ ...action, type: "own", action, of: root } as OwnAction),
  );
  return { ...own, pipe: [own, ...actions] };
}
