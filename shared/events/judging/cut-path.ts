import { type Issue, isSchema, type PathItem, type Schema } from "./valibot.ts";

/**
 * Marks the first key of an issue's path that no schema names: the caller may have chosen it.
 *
 * @param issue of a check that named the path by itself, and may use the same array again
 * @param schema of the value that the path starts at
 */
export function cutPath(issue: Issue, schema: Schema, value: unknown): void {
  let schemas: readonly Schema[] = [schema];
  let at = value;
  issue.path = issue.path?.map(({ key, cut }): PathItem => (cut === undefined ? { key } : { key, cut }));
  for (const item of issue.path ?? []) {
    const { key } = item;
    try {
      schemas = schemas.flatMap((candidate) => findParts(candidate, key, at));
    } catch {
      // A `lazy` that throws names nothing.
      schemas = [];
    }
    if (schemas.length === 0) {
      item.cut ??= "";
      return;
    }
    at = (at as Record<string, unknown> | undefined)?.[key as string];
  }
}

/** The schemas that a schema names for a member or an item of a value. */
function findParts(schema: Schema, key: unknown, value: unknown): readonly Schema[] {
  const { pipe, entries = {}, item, items, rest, wrapped, options = [], getter } = schema;
  if (pipe) return pipe.filter(isSchema).flatMap((part) => findParts(part, key, value));
  const own = Array.isArray(value)
    ? Number.isInteger(key) && (key as number) in value && (items?.[key as number] ?? item ?? rest)
    : typeof key === "string" && Object.hasOwn(entries, key) && entries[key];
  const around = [wrapped, getter?.(value), ...options].filter(isSchema);
  return [...around.flatMap((part) => findParts(part, key, value)), ...(own ? [own] : [])];
}
