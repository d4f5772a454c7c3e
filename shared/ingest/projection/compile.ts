import * as v from "valibot";
import { isJsonObject } from "../../events/envelope.ts";
import { actionWords, schemaWords, transformations, whyRefused } from "../../events/words.ts";
import { type Accepts, toAccepts } from "./accepts.ts";
import { toArrayJudge, toObjectJudge, toRecordJudge, toRestJudge } from "./judges.ts";
import { FREE_OBJECT, merge, NOTHING, type Plan } from "./plan.ts";
import { toMemberRoutes, toRoute } from "./project.ts";
import { asProjected, createView, Projected, toView } from "./projected.ts";
import { addIssue, type Item, type Judge, type Schema } from "./schema.ts";
import { isReading, toTextPlan } from "./text-needs.ts";

/** A schema cannot be projected; one line that names the path. */
export class UnsupportedSchema extends Error {
  constructor(path: string, reason: string) {
    super(`${path}: ${reason}.`);
    this.name = "UnsupportedSchema";
  }
}

/** A schema that is ready to judge projected values. */
export interface Compiled {
  readonly plan: Plan;
  readonly judge: Judge;
  /** Says of most values that are right that they are; undefined where only the judge can. */
  readonly accepts: Accepts | undefined;
  /** The messages that the schema's author wrote: text that never holds a value. */
  readonly messages: ReadonlySet<string>;
}

/**
 * Compiles a schema: what of a value it needs to see, and the judge of what it sees.
 *
 * The judge is valibot's own schema with other objects, arrays and records inside; see `judges.ts`.
 *
 * @param path of the value that the schema is for
 * @throws {UnsupportedSchema} when it cannot be projected
 */
export function compile(schema: v.GenericSchema, path: string): Compiled {
  const messages = new Set<string>();
  const { plan, judge } = compileAt(schema as unknown as Schema, { path, isSeen: false, actions: [], messages });
  return { plan, judge, messages, accepts: toAccepts(schema as unknown as Schema) };
}

/** What surrounds a schema. */
interface Place {
  readonly path: string;
  /** Whether a check of a value around this one reads it. */
  readonly isSeen: boolean;
  /** What the pipes around the schema do with its value. */
  readonly actions: readonly Item[];
  readonly messages: Set<string>;
}

type Part = Pick<Compiled, "plan" | "judge">;

function compileAt(schema: Schema, place: Place): Part {
  if (schema.pipe) return compilePipe(schema.pipe, place);
  const { path } = place;
  const isFreeObject = schema.type === "custom" && schema.check === isJsonObject;
  const refuse = (reason: string) => {
    throw new UnsupportedSchema(path, `v.${toName(schema.type)} cannot be projected: ${reason}`);
  };
  const reason = whyRefused(schemaWords[schema.type]);
  if (reason !== undefined && !isFreeObject) refuse(reason);
  if (schema.async) refuse("it is asynchronous");
  if (schema.default !== undefined) refuse("a default would change what was sent, which is published as it came");
  if (schema.fallback !== undefined) refuse("a fallback would change what was sent, which is published as it came");
  takeMessage(schema, place);
  const inside = (step: string): Place => ({
    ...place,
    path: `${path}.${step}`,
    isSeen: isInsideSeen(place),
    actions: [],
  });
  switch (schema.type) {
    case "string":
      return { plan: toTextPlan(place.actions, place.isSeen), judge: asJudge(schema) };
    case "number":
      return { plan: { ...NOTHING, isNumber: true }, judge: asJudge(schema) };
    case "literal":
      return { plan: toOptionsPlan([schema.literal], refuse), judge: asJudge(schema) };
    case "picklist":
    case "enum":
      return { plan: toOptionsPlan(schema.options ?? [], refuse), judge: asJudge(schema) };
    case "any":
    case "unknown":
      if (isInsideSeen(place)) refuse("a check reads it, but the schema does not say what is in it");
      return { plan: NOTHING, judge: asJudge(schema) };
    case "custom":
      return { plan: FREE_OBJECT, judge: toObjectJudge(schema, [], false) };
    case "object":
    case "loose_object":
    case "object_with_rest":
      return compileObject(schema, place, inside);
    case "record":
      return compileRecord(schema, place);
    case "array":
    case "tuple":
    case "loose_tuple":
    case "tuple_with_rest":
      return compileArray(schema, place, inside);
    case "union":
    case "intersect":
    case "variant":
      return compileOptions(schema, place);
    case "boolean":
    case "null":
    case "never":
      return { plan: NOTHING, judge: asJudge(schema) };
    default: {
      const { plan, judge } = compileAt(schema.wrapped as Schema, place);
      return { plan, judge: { ...schema, wrapped: judge } as unknown as Judge };
    }
  }
}

function compilePipe([root, ...rest]: readonly Item[], place: Place): Part {
  const actions = rest.filter((item) => item.kind === "validation");
  for (const item of rest) {
    const name = `v.${toName(item.type)}`;
    const refuse = (reason: string) => {
      throw new UnsupportedSchema(place.path, `${name} cannot be projected: ${reason}`);
    };
    if (item.kind === "schema") refuse("a pipe has one schema, its first; use v.intersect for more");
    const rows = item.kind === "transformation" ? transformations : actionWords;
    const reason = item.kind === "metadata" ? undefined : whyRefused(rows[item.type]);
    if (reason !== undefined) refuse(reason);
    if (item.async) refuse("it is asynchronous");
    if (item.type === "multiple_of" && !Number.isInteger(item.requirement)) {
      refuse("no double is a multiple of a fraction: it would refuse 89.99 as one of 0.01");
    }
    if (item.kind === "validation") takeMessage(item, place);
  }
  const { plan, judge } = compileAt(root as Schema, { ...place, actions: [...place.actions, ...actions] });
  if (actions.length === 0) return { plan, judge };
  // valibot's own types want to see the schemas; it runs whatever has a `~run`.
  const pipe = v.pipe as unknown as (...items: readonly unknown[]) => Judge;
  return { plan, judge: pipe(judge, ...actions) };
}

/** Whether checks read what is inside a value. */
function isInsideSeen({ isSeen, actions }: Place): boolean {
  return isSeen || actions.some(isReading);
}

function compileObject(schema: Schema, place: Place, inside: (step: string) => Place): Part {
  const parts = Object.entries(schema.entries ?? {}).map(
    ([name, entry]) => [name, compileAt(entry, inside(name))] as const,
  );
  const members = new Map(parts.map(([name, { plan }]) => [name, plan]));
  const judges = parts.map(([name, { judge }]) => [name, judge] as const);
  if (!schema.rest) return { plan: { ...NOTHING, members }, judge: toObjectJudge(schema, judges, isInsideSeen(place)) };
  const rest = toRest(schema, place, undefined, schema.rest, [...members]);
  return { plan: { ...NOTHING, members, isRecord: true }, judge: toObjectJudge(schema, judges, false, rest) };
}

function compileRecord(schema: Schema, place: Place): Part {
  const keySchema = schema.key as Schema;
  const key = compileAt(keySchema, { ...place, path: `${place.path} (keys)`, actions: [] });
  const isAnyKey = keySchema.type === "string" && !keySchema.pipe;
  const rest = toRest(schema, place, isAnyKey ? undefined : key, schema.value as Schema, []);
  return { plan: { ...FREE_OBJECT, isRecord: true }, judge: toRecordJudge(schema, rest) };
}

function toRest(
  schema: Schema,
  place: Place,
  key: Part | undefined,
  value: Schema,
  named: readonly (readonly [string, Plan])[],
) {
  if (isInsideSeen(place)) {
    const reason = "its entries are judged one by one and not kept, so that no check can read them";
    throw new UnsupportedSchema(place.path, `v.${toName(schema.type)} cannot be projected: ${reason}`);
  }
  const entry = compileAt(value, { ...place, path: `${place.path} (entries)`, actions: [] });
  return toRestJudge(
    key && { judge: key.judge, route: toRoute(key.plan) },
    { judge: entry.judge, route: toRoute(entry.plan) },
    toMemberRoutes(named.map(([name, plan]) => [name, toRoute(plan)])),
  );
}

function compileArray(schema: Schema, place: Place, inside: (step: string) => Place): Part {
  const first = (schema.items ?? []).map((item, i) => compileAt(item, inside(String(i))));
  if (schema.type === "loose_tuple" && isInsideSeen(place)) {
    throw new UnsupportedSchema(
      place.path,
      "v.looseTuple cannot be projected: a check reads it, but the schema does not say what is in it",
    );
  }
  const others = schema.type === "array" ? schema.item : schema.rest;
  const rest = others && compileAt(others, inside("*"));
  const bounds = place.actions.filter(({ type }) => type === "max_length" || type === "length");
  const [tooLong] = bounds.toSorted((a, b) => toCount(a) - toCount(b));
  if (rest && !tooLong) {
    throw new UnsupportedSchema(
      place.path,
      `v.${toName(schema.type)} needs a v.maxLength: it bounds how many items become values`,
    );
  }
  // Of a tuple whose other items are free, as many are kept as its checks count.
  const counted = Math.max(0, ...place.actions.map(toCount)) + 1;
  const limit = tooLong ? toCount(tooLong) : schema.type === "loose_tuple" ? counted : first.length;
  const items = {
    limit: Math.max(limit, first.length),
    first: first.map(({ plan }) => plan),
    rest: rest?.plan ?? NOTHING,
  };
  const judges = first.map(({ judge }) => judge);
  const judge = toArrayJudge(
    schema,
    isInsideSeen(place),
    judges,
    rest?.judge,
    rest ? limit : items.limit,
    rest && tooLong,
  );
  return { plan: { ...NOTHING, items }, judge };
}

function toCount({ requirement }: Item): number {
  return typeof requirement === "number" ? requirement : 0;
}

function compileOptions(schema: Schema, place: Place): Part {
  const parts = (schema.options as readonly Schema[]).map((option) => compileAt(option, place));
  const plan = parts.map((part) => part.plan).reduce(merge, NOTHING);
  const options = parts.map(({ judge }) => judge);
  const judge = { ...schema, options } as unknown as Judge;
  if (schema.type === "intersect") return { plan, judge: toIntersectJudge(schema, options, isInsideSeen(place)) };
  return { plan, judge: schema.type === "variant" ? onlyObjects(judge) : judge };
}

/** valibot's own merges the outputs of its options, which fails for a tuple that cuts what an array keeps. */
function toIntersectJudge(schema: Schema, options: readonly Judge[], isSeen: boolean): Judge {
  return {
    ...schema,
    entries: {},
    "~run"(dataset, config) {
      dataset.typed = true;
      const { value } = dataset;
      for (const [i, option] of options.entries()) {
        const result = option["~run"]({ value, typed: false, issues: undefined }, config);
        if (result.issues) dataset.issues = [...(dataset.issues ?? []), ...result.issues] as typeof result.issues;
        if (!result.typed) dataset.typed = false;
        if (isSeen) dataset.value = i === 0 ? result.value : join(dataset.value, result.value);
      }
      return dataset;
    },
  };
}

/** What checks see of two schemas that looked at one value: all that either of them names, at any depth. */
function join(a: unknown, b: unknown): unknown {
  if (Array.isArray(a) && Array.isArray(b)) {
    const [longer, shorter] = a.length > b.length ? [a, b] : [b, a];
    return longer.map((item, i) => (i < shorter.length ? join(shorter[i], item) : item));
  }
  const projected = asProjected(b);
  if (!projected || asProjected(a) !== projected) return b;
  // An object that no schema has looked into is still as it was projected.
  if (a instanceof Projected) return b;
  if (b instanceof Projected) return a;
  const joined = Object.assign(createView(projected), a) as Record<string, unknown>;
  for (const [name, value] of Object.entries(b as Record<string, unknown>)) {
    joined[name] = name in joined ? join(joined[name], value) : value;
  }
  return joined;
}

/** valibot's variant takes an array for an object. */
function onlyObjects(judge: Judge): Judge {
  return {
    ...judge,
    "~run"(dataset, config) {
      const projected = asProjected(dataset.value);
      if (projected) return judge["~run"]({ ...dataset, value: toView(projected) }, config);
      addIssue(dataset, { kind: "schema", type: "object" });
      dataset.typed = false;
      return dataset;
    },
  };
}

function toOptionsPlan(options: readonly unknown[], refuse: (reason: string) => void): Plan {
  let text = 0;
  let isNumber = false;
  for (const option of options) {
    if (typeof option === "string") text = Math.max(text, option.length + 1);
    else if (typeof option === "number" && Number.isFinite(option)) isNumber = true;
    else if (typeof option !== "boolean") refuse("only strings, finite numbers and booleans are JSON");
  }
  return { ...NOTHING, text, isRead: text > 0, isNumber };
}

function takeMessage({ type, message }: Item, { path, messages }: Place): void {
  if (typeof message === "string") messages.add(message);
  else if (message !== undefined) {
    throw new UnsupportedSchema(
      path,
      `the message of v.${toName(type)} must be text: a function could repeat what was sent`,
    );
  }
}

/** A schema of valibot's judges its values itself. */
function asJudge(schema: Schema): Judge {
  return schema as unknown as Judge;
}

/** `loose_object` is `looseObject` to those who write it. */
function toName(type: string): string {
  return type.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
