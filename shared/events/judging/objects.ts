import { isJsonObject } from "../envelope.ts";
import { HAS_OTHERS, LEAVE_OUT } from "../words.ts";
import { addIssue, type Dataset, isSchema, type PathItem, type Schema } from "./valibot.ts";

// What judges objects in valibot's place: its own takes an array for an object, finds `constructor` in every object, passes
// over it in a record, and puts the caller's keys into paths. Verdict and order are the same otherwise.

type Members = Record<string, unknown>;

/** Any kind of object. Its parts are prepared. */
export function toObjectSchema(schema: Schema): Schema {
  const { type, entries = {}, rest, value: part = rest } = schema;
  const key = schema.key as Schema | undefined;
  const named = Object.entries(entries).map(([name, member]) => ({ name, member, isNeeded: !isOptional(member) }));
  const isWhole = type !== "object";
  const hasOthers = type !== "object" && type !== "loose_object";
  return {
    ...schema,
    "~run"(dataset, config) {
      const input = dataset.value;
      if (!isJsonObject(input)) return addIssue(dataset, schema);
      // Mostly nothing is taken away: copied only where something is.
      let output: Members = isWhole ? input : {};
      const judge = (name: string, member: Schema, cut?: PathItem["cut"]) => {
        const value = input[name];
        const result = member["~run"]({ value }, config);
        const first = value === null && !cut && isOptional(member) ? result.issues?.[0] : undefined;
        if (first && !first.path) first.words ??= LEAVE_OUT;
        const left = take(dataset, result, name, cut);
        if (isWhole && left === value) return;
        if (output === input) output = { ...input };
        setMember(output, name, left);
      };
      dataset.typed = true;
      for (const { name, member, isNeeded } of named) {
        if (Object.hasOwn(input, name)) judge(name, member);
        else if (isNeeded) addIssue(dataset, schema, { input: undefined, path: [{ key: name }] });
      }
      for (const name of hasOthers ? Object.keys(input) : []) {
        if (Object.hasOwn(entries, name)) continue;
        if (!part) {
          addIssue(dataset, schema, { words: HAS_OTHERS, path: [{ key: name, cut: "" }] });
          break;
        }
        if (key) take(dataset, key["~run"]({ value: name }, config), name, "a key");
        judge(name, part, "an entry");
      }
      dataset.value = output;
      return dataset;
    },
  };
}

/** Whether an object may be without a member of this schema. */
function isOptional({ type }: Schema): boolean {
  return type === "optional" || type === "exact_optional" || type === "nullish";
}

/** Takes over what a schema says of a part, or of the whole where there is no key. @returns what it leaves of that */
function take(dataset: Dataset, { issues, typed, value }: Dataset, key?: string, cut?: PathItem["cut"]): unknown {
  if (!typed) dataset.typed = false;
  if (!issues) return value;
  const item = key === undefined ? undefined : { key, cut };
  dataset.issues ??= [];
  for (const issue of issues) {
    if (item && issue.path) issue.path.unshift(item);
    else if (item) issue.path = [item];
    dataset.issues.push(issue);
  }
  return value;
}

function setMember(object: Members, name: string, value: unknown): void {
  // An assignment would exchange the object's prototype.
  if (name !== "__proto__") object[name] = value;
  else Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
}

/** valibot's own fails to merge objects that have a member `constructor`. Its options are prepared. */
export function toIntersectSchema(schema: Schema): Schema {
  const options = schema.options as readonly Schema[];
  return {
    ...schema,
    "~run"(dataset, config) {
      dataset.typed = true;
      const left = options.map((option) => take(dataset, option["~run"]({ value: dataset.value }, config)));
      if (!dataset.typed) return dataset;
      try {
        dataset.value = left.reduce(merge);
        return dataset;
      } catch {
        return addIssue(dataset, schema);
      }
    },
  };
}

/** What two schemas leave of one value. @throws Error where a tuple has cut its array, and the other has not */
function merge(a: unknown, b: unknown): unknown {
  if (Array.isArray(a) && Array.isArray(b)) {
    if (a.length !== b.length) throw new Error("unlike");
    return a.map((item, i) => merge(item, b[i]));
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return b;
  const merged: Members = { ...a };
  for (const [name, value] of Object.entries(b)) {
    setMember(merged, name, Object.hasOwn(a, name) ? merge(a[name], value) : value);
  }
  return merged;
}

/** valibot's own takes an array for an object, and finds `constructor` in every object. */
export function toVariantSchema(schema: Schema): Schema {
  const isInherited = hasInheritedKey(schema);
  return {
    ...schema,
    "~run"(dataset, config) {
      if (!isJsonObject(dataset.value)) return addIssue(dataset, { ...schema, type: "object" });
      // Else checks see a plain object.
      if (isInherited) dataset.value = Object.assign(Object.create(null), dataset.value);
      return schema["~run"](dataset, config);
    },
  };
}

function hasInheritedKey({ type, key, options = [] }: Schema): boolean {
  return type === "variant" && ((key as string) in Object.prototype || options.filter(isSchema).some(hasInheritedKey));
}
