import type * as v from "valibot";

// What the contract wants of a payload where it differs from JSON.parse with valibot, said on valibot's side.

/** A schema of the author's, and what the contract makes of it. */
export interface Pair {
  readonly own: v.GenericSchema;
  readonly reference: v.GenericSchema;
}

/** @param toName turns a member's name into the one that the value to be judged has for it */
export type Maker = (schemas: v.GenericSchema[], toName: (name: string) => string) => v.GenericSchema;

export interface Runnable {
  readonly type: string;
  "~run"(dataset: { value: unknown; typed?: boolean; issues?: unknown[] }, config: object): Result;
}

interface Result {
  value: unknown;
  typed: boolean;
  issues?: { kind: string; type: string; path?: { key: string | number }[] }[];
}

/** The same schema over the authors' schemas and over the references, with a deviation on the latter's side. */
export function both(
  parts: readonly Pair[],
  make: Maker,
  deviate: (schema: Runnable) => Runnable = (schema) => schema,
): Pair {
  const own = parts.map((part) => part.own);
  const reference = parts.map((part) => part.reference);
  return {
    own: make(own, (name) => name),
    reference: deviate(make(reference, toReferenceName) as unknown as Runnable) as unknown as v.GenericSchema,
  };
}

/** Names that every object has by itself: valibot finds them where nobody sent them, and passes over them in a record. */
const inherited = ["__proto__", "constructor", "prototype", "toString"];

function toReferenceName(name: string): string {
  return inherited.includes(name) ? `own ${name}` : name;
}

function toReferenceValue(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(toReferenceValue);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [toReferenceName(name), toReferenceValue(member)]),
  );
}

/** @returns the paths of what valibot finds wrong with the value that JSON.parse makes, one by one */
export function listReferencePaths(schema: v.GenericSchema, text: string): string[] {
  const { issues } = (schema as unknown as Runnable)["~run"]({ value: toReferenceValue(JSON.parse(text)) }, {});
  const toKey = ({ key }: { key: string | number }) => String(key).replace(/^own /, "");
  return [...new Set(issues?.map(({ path }) => ["payload", ...(path?.map(toKey) ?? [])].join(".")))];
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
export const onlyObjects = refuseWhere(Array.isArray);

/** A number beyond a double's range is no number. */
export const onlyDoubles = refuseWhere((value) => Math.abs(value as number) === Number.POSITIVE_INFINITY);

/** The path of an entry's fault ends at its object; `entries` are the members that have schemas of their own. */
export function endAtObject(entries: readonly string[]) {
  const names = entries.map(toReferenceName);
  return (schema: Runnable): Runnable => ({
    ...onlyObjects(schema),
    "~run"(dataset, config) {
      const result = onlyObjects(schema)["~run"](dataset, config);
      const isOwn = ({ path }: { path?: { key: string | number }[] }) => !path || names.includes(String(path[0]?.key));
      const own = result.issues?.filter(isOwn) ?? [];
      const [other] = result.issues?.filter((issue) => !isOwn(issue)) ?? [];
      if (other) result.issues = [...own, { kind: other.kind, type: other.type }];
      return result;
    },
  });
}

/** An array that is too long has that fault, whatever its items have, and only the first of these are judged. */
export function cutAt(limit: number) {
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

/** valibot merges what its options leave of the value, and refuses it where a tuple cuts what an array keeps. */
export function withoutMerging(schema: Runnable): Runnable {
  const { options } = schema as Runnable & { options: readonly Runnable[] };
  return {
    ...schema,
    "~run"({ value }, config) {
      const results = options.map((option) => option["~run"]({ value }, config));
      const issues = results.flatMap((result) => result.issues ?? []);
      return {
        value: results.map((result) => result.value).reduce(merge),
        typed: results.every(({ typed }) => typed),
        ...(issues.length > 0 && { issues }),
      };
    },
  };
}

function merge(a: unknown, b: unknown): unknown {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return b;
  if (Array.isArray(a) && Array.isArray(b)) {
    return Array.from({ length: Math.max(a.length, b.length) }, (_, i) =>
      i < a.length && i < b.length ? merge(a[i], b[i]) : i < a.length ? a[i] : b[i],
    );
  }
  const merged: Record<string, unknown> = { ...a };
  for (const [name, value] of Object.entries(b)) merged[name] = name in merged ? merge(merged[name], value) : value;
  return merged;
}
