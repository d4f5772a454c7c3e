import * as v from "valibot";
import { INVALID } from "../words.ts";
import { cutPath } from "./cut-path.ts";
import { toIntersectSchema, toObjectSchema, toVariantSchema } from "./objects.ts";
import { addIssue, type Dataset, type Item, mapParts, type Schema } from "./valibot.ts";

/** The messages that schemas' authors wrote: text that never holds a value. */
export const ownMessages = new Set<string>();

/** The message of what was made with a look at the value: its limits and options may be the value, too. */
export const HIDDEN = "\0";

/** By the author's schema: one that is there twice, or that `lazy` gives again and again, is prepared once. */
const prepared = new WeakMap<Schema, Schema>();

/**
 * Makes of a schema one that can judge what callers send: nothing in it throws, no path of it holds a caller's key, an array is
 * no object, and of its messages the constants are left. valibot judges, and the verdict is its own.
 *
 * @param isConstant whether it was made without a look at the value: else its messages may hold it
 */
export function prepare(schema: Schema, isConstant = true): Schema {
  let made = prepared.get(schema);
  if (!made) {
    made = schema.pipe ? toPipe(schema.pipe, isConstant) : toSchema(schema, isConstant);
    prepared.set(schema, made);
  }
  return made;
}

function toSchema(schema: Schema, isConstant: boolean): Schema {
  const own: Schema = {
    ...mapParts(schema, (part) => prepare(part, isConstant)),
    message: toMessage(schema, isConstant),
  };
  switch (schema.type) {
    case "object":
    case "loose_object":
    case "strict_object":
    case "object_with_rest":
    case "record":
      return toObjectSchema(own);
    case "intersect":
      return toIntersectSchema(own);
    case "variant":
      return toVariantSchema(own);
    case "lazy":
      return toLazy(own, isConstant);
    case "custom":
      return catching(own);
    default:
      return own;
  }
}

/** A message that is a function could repeat what was sent: it is never called. Without one valibot's would. */
function toMessage({ message }: Item, isConstant: boolean): string {
  if (!isConstant) return HIDDEN;
  if (typeof message !== "string") return "";
  ownMessages.add(message);
  return message;
}

function toLazy(schema: Schema, isConstant: boolean): Schema {
  const getter = schema.getter as (value: unknown) => Schema;
  const find = (value: unknown) => prepare(getter(value), isConstant && takesNothing(getter));
  return catching({ ...schema, getter: find });
}

/** Whether a `lazy` makes its schema without a look at the value. `(...values) => …` has no length either. */
export function takesNothing(getter: (value: unknown) => unknown): boolean {
  const source = String(getter);
  return /^[^(=]*\(\s*\)/.test(source) && !source.includes("arguments");
}

/** Kinds whose actions valibot's types hold to what they can judge. */
const SURE = new Set(["array", "boolean", "number", "string"]);

function toPipe(items: readonly Item[], isConstant: boolean): Schema {
  const steps = items
    .filter(({ kind }) => kind !== "metadata")
    .map((item) => (item.kind === "schema" ? prepare(item as Schema, isConstant) : toAction(item, isConstant)))
    // A length that is asked of null throws.
    .map((item) => (item.kind === "schema" || SURE.has(items[0]?.type ?? "") ? item : catching(item)));
  // valibot's own types want to see the schemas.
  const pipe = v.pipe as unknown as (...steps: readonly Item[]) => Schema;
  const whole: Schema = pipe(...steps.map((step) => (step.type === "raw_check" ? cutting(step, () => whole) : step)));
  return whole;
}

/** Cuts the paths that a check has named by itself. */
function cutting(step: Item, getSchema: () => Schema): Item {
  return {
    ...step,
    "~run"(dataset, config) {
      const known = dataset.issues?.length ?? 0;
      const { issues, value } = step["~run"](dataset, config);
      for (const issue of issues?.slice(known) ?? []) cutPath(issue, getSchema(), value);
      return dataset;
    },
  };
}

function toAction(action: Item, isConstant: boolean): Item {
  const own: Item = { ...action, message: toMessage(action, isConstant) };
  // Its function would be called, and finds its path only where it has thrown.
  if (action.type === "raw_check") return catching(own);
  const path = readForwardPath(action, ANYTHING);
  if (path.length > 0) {
    // The forwarded action itself is hidden: with the author's message.
    const make = action.reference as unknown as (requirement: unknown) => Item;
    const forward = v.forward as unknown as (action: Item, path: readonly unknown[]) => Item;
    return catching(forward(catching({ ...own, "~run": make(action.paths ?? action.requirement)["~run"] }), path));
  }
  return typeof action.requirement === "function" ? catching(own) : own;
}

/** What throws is a fault of the value. */
function catching<T extends Item>(item: T): T {
  return {
    ...item,
    "~run"(dataset: Dataset, config: object) {
      try {
        return item["~run"](dataset, config);
      } catch {
        const path = item.type === "raw_check" ? readForwardPath(item, dataset.value ?? {}) : [];
        return addIssue(dataset, item, {
          words: INVALID,
          path: path.length > 0 ? path.map((key) => ({ key })) : undefined,
        });
      }
    },
  };
}

/** Has any member. */
const ANYTHING: unknown = new Proxy({}, { get: () => ANYTHING });

/**
 * Finds out where `v.forward` sends an action's issues: it adds its path to each new one. Checks do not look at a value that is
 * not typed.
 *
 * @returns empty where the action is not forwarded
 */
function readForwardPath(action: Item, value: unknown): readonly unknown[] {
  const path: { key: unknown }[] = [];
  const dataset = {
    value,
    typed: false,
    // A new one each time it is asked for.
    get issues() {
      return [{ path }];
    },
  };
  try {
    action["~run"](dataset as unknown as Dataset, {});
  } catch {
    return [];
  }
  return path.map(({ key }) => key);
}
