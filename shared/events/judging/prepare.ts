import * as v from "valibot";
import { type Broken, INVALID } from "../words.ts";
import { cutPath } from "./cut-path.ts";
import { toIntersectSchema, toObjectSchema, toVariantSchema } from "./objects.ts";
import { addIssue, type Dataset, type Issue, type Item, mapParts, type PathItem, type Schema } from "./valibot.ts";

/** By the author's schema: one that is there twice, or that `lazy` gives again and again, is prepared once. */
const prepared = new WeakMap<Schema, Schema>();

/**
 * Makes of a schema one that can judge what callers send: nothing in it throws, no path of it holds a caller's key, an array is
 * no object, and of its messages the constants are left. valibot judges, and the verdict is its own.
 */
export function prepare(author: v.GenericSchema | Schema): Schema {
  const schema = author as Schema;
  let made = prepared.get(schema);
  if (!made) {
    made = schema.pipe ? toPipe(schema.pipe.filter(({ kind }) => kind !== "metadata").map(toStep)) : toSchema(schema);
    prepared.set(schema, made);
  }
  return made;
}

function toSchema(schema: Schema): Schema {
  const own: Schema = { ...mapParts(schema, prepare), message: toMessage(schema) };
  if (own.entries || own.type === "record") return toObjectSchema(own);
  if (own.type === "intersect") return toIntersectSchema(own);
  if (own.type === "variant") return toVariantSchema(own);
  if (own.type === "lazy") return toPipe([toLazy(own)]);
  return own.type === "custom" ? toPipe([own]) : own;
}

/** A message that is a function could repeat what was sent: it is never called. */
function toMessage({ message }: Item): ((issue: Issue) => void) | undefined {
  if (typeof message !== "string") return undefined;
  return (issue) => {
    issue.own = message;
  };
}

function toLazy(schema: Schema): Schema {
  const getter = schema.getter as (value: unknown) => Schema;
  const isHidden = !takesNothing(getter);
  return {
    ...schema,
    "~run"(dataset, config) {
      const result = prepare(getter(dataset.value))["~run"](dataset, config);
      if (isHidden) for (const issue of result.issues ?? []) issue.isHidden = true;
      return result;
    },
  };
}

/** Whether a `lazy` makes its schema without a look at the value. `(...values) => …` has no length either. */
export function takesNothing(getter: (value: unknown) => unknown): boolean {
  const source = String(getter);
  return /^[^(=]*\(\s*\)/.test(source) && !source.includes("arguments");
}

/**
 * Runs what judges one value as valibot's pipe does, except that what throws is a fault of the value.
 *
 * @param steps that were prepared
 */
function toPipe(steps: readonly Item[]): Schema {
  const hasRawCheck = steps.some(isRawCheck);
  const whole: Schema = {
    ...(steps[0] as Schema),
    pipe: steps,
    "~run"(dataset, config) {
      let result = dataset;
      for (const step of steps) {
        if (result.issues && step.kind !== "validation") {
          result.typed = false;
          break;
        }
        try {
          result = step["~run"](result, config);
        } catch {
          const path = isRawCheck(step) ? readForwardPath(step, result.value) : undefined;
          addIssue(result, step, { words: INVALID, path: path?.map((key) => ({ key })) });
        }
      }
      if (hasRawCheck) for (const issue of result.issues?.filter(isRawCheck) ?? []) cutPath(issue, whole, result.value);
      return result;
    },
  };
  return whole;
}

function isRawCheck({ type }: Broken): boolean {
  return type === "raw_check";
}

function toStep(item: Item): Item {
  if (item.kind === "schema") return prepare(item as Schema);
  const own: Item = { ...item, message: toMessage(item) };
  // The function of a raw check would be called: it finds its path only where it has thrown.
  const path = isRawCheck(item) ? undefined : readForwardPath(item, ANYTHING);
  if (!path) return own;
  // The forwarded action itself is hidden: with the author's message.
  const make = item.reference as unknown as (requirement: unknown) => Item;
  const inner = toPipe([{ ...own, "~run": make(item.paths ?? item.requirement)["~run"] }]);
  return (v.forward as unknown as (action: Item, path: readonly unknown[]) => Item)(inner, path);
}

/** Has any member. */
const ANYTHING: unknown = new Proxy({}, { get: () => ANYTHING });

/**
 * Finds out where `v.forward` sends an action's issues: it adds its path to each new one. Checks do not look at a value that is
 * not typed, as this one.
 *
 * @returns undefined where the action is not forwarded
 */
function readForwardPath(action: Item, value: unknown): readonly unknown[] | undefined {
  const path: PathItem[] = [];
  const dataset = {
    value,
    // A new one each time it is asked for.
    get issues() {
      return [{ path }];
    },
  };
  try {
    action["~run"](dataset as unknown as Dataset, {});
  } catch {
    return undefined;
  }
  return path.length > 0 ? path.map(({ key }) => key) : undefined;
}
