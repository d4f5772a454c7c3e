import { isJsonObject } from "../../events/envelope.ts";
import { HAS_OTHERS, LEAVE_OUT } from "../../events/words.ts";
import { addIssue, type Dataset, type Issue, isOptional, type PathItem, type Schema } from "./valibot.ts";

// What judges objects in valibot's place: its own takes an array for an object, finds `constructor` in every object, passes
// over it in a record, and puts the caller's keys into paths. Verdict and order are the same otherwise.

type Members = Record<string, unknown>;

/** Any kind of object. Its parts are prepared. */
export function toObjectSchema(schema: Schema): Schema {
  const { type, entries = {}, key, value, rest } = schema;
  const members = Object.entries(entries).map(([name, part]) => ({
    name,
    part,
    isOptional: isOptional(part),
    isInherited: name in Object.prototype,
  }));
  const isNamed = (name: string) => Object.hasOwn(entries, name);
  return {
    ...schema,
    "~run"(dataset, config) {
      const input = dataset.value;
      if (!isJsonObject(input)) return addIssue(dataset, schema);
      const output: Members = {};
      dataset.typed = true;
      for (const { name, part, isOptional, isInherited } of members) {
        const member = isInherited && !Object.hasOwn(input, name) ? undefined : input[name];
        if (member === undefined) {
          if (!isOptional) addIssue(dataset, schema, { input: undefined, path: [{ key: name }] });
          continue;
        }
        const result = part["~run"]({ value: member }, config);
        if (result.issues) {
          const [first] = result.issues as [Issue];
          if (member === null && isOptional && !first.path) first.words ??= LEAVE_OUT;
        }
        setMember(output, name, take(dataset, result, { key: name }));
      }
      if (type === "object") {
        dataset.value = output;
        return dataset;
      }
      for (const name of Object.keys(input)) {
        if (isNamed(name)) continue;
        const member = input[name];
        if (type === "strict_object") {
          addIssue(dataset, schema, { words: HAS_OTHERS, path: [{ key: name, cut: "" }] });
          break;
        }
        if (key) takeKey(dataset, (key as Schema)["~run"]({ value: name }, config), name);
        const part = value ?? rest;
        const judged = part
          ? take(dataset, part["~run"]({ value: member }, config), { key: name, cut: "an entry" })
          : member;
        setMember(output, name, judged);
      }
      dataset.value = output;
      return dataset;
    },
  };
}

/** Takes over what a part's schema says of it. @returns what it leaves of the part */
function take(dataset: Dataset, { issues, typed, value }: Dataset, item: PathItem): unknown {
  if (!typed) dataset.typed = false;
  if (!issues) return value;
  for (const issue of issues) {
    if (issue.path) issue.path.unshift(item);
    else issue.path = [item];
  }
  if (!dataset.issues) dataset.issues = issues;
  else for (const issue of issues) dataset.issues.push(issue);
  return value;
}

function takeKey(dataset: Dataset, result: Dataset, name: string): void {
  for (const issue of result.issues ?? []) issue.path = undefined;
  take(dataset, result, { key: name, cut: "a key" });
}

function setMember(object: Members, name: string, value: unknown): void {
  // An assignment would exchange the object's prototype.
  if (name === "__proto__")
    Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
  else object[name] = value;
}

/** valibot's own fails to merge objects that have a member `constructor`. Its options are prepared. */
export function toIntersectSchema(schema: Schema): Schema {
  const options = schema.options as readonly Schema[];
  return {
    ...schema,
    "~run"(dataset, config) {
      if (options.length === 0) return addIssue(dataset, schema);
      const results = options.map((option) => option["~run"]({ value: dataset.value }, config));
      dataset.typed = results.every(({ typed }) => typed);
      const issues = results.flatMap((result) => result.issues ?? []);
      if (issues.length > 0) dataset.issues = [...(dataset.issues ?? []), ...issues];
      if (!dataset.typed) return dataset;
      const merged = results.map(({ value }) => value).reduce(merge);
      if (merged === UNLIKE) return addIssue(dataset, schema);
      dataset.value = merged;
      return dataset;
    },
  };
}

const UNLIKE = Symbol("unlike");

/** What two schemas leave of one value. Only arrays may not go together: a tuple cuts its own. */
function merge(a: unknown, b: unknown): unknown {
  if (Array.isArray(a) && Array.isArray(b)) {
    if (a.length !== b.length) return UNLIKE;
    const items = a.map((item, i) => merge(item, b[i]));
    return items.includes(UNLIKE) ? UNLIKE : items;
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return a === UNLIKE ? UNLIKE : b;
  const merged: Members = { ...a };
  for (const [name, value] of Object.entries(b)) {
    const both = Object.hasOwn(a, name) ? merge(a[name], value) : value;
    if (both === UNLIKE) return UNLIKE;
    setMember(merged, name, both);
  }
  return merged;
}

/** valibot's own takes an array for an object, and finds `constructor` in every object. */
export function toVariantSchema(schema: Schema): Schema {
  return {
    ...schema,
    "~run"(dataset, config) {
      if (!isJsonObject(dataset.value)) return addIssue(dataset, { ...schema, type: "object" });
      dataset.value = Object.assign(Object.create(null), dataset.value);
      return schema["~run"](dataset, config);
    },
  };
}
