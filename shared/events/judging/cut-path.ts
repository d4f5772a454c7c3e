import { type Issue, isSchema, type PathItem, type Schema } from "./valibot.ts";

/**
 * Marks the first key of an issue's path that no schema names: the caller may have chosen it.
 *
 * @param schema of the value that the path starts at
 */
export function cutPath(issue: Issue, schema: Schema, value: unknown): void {
  let schemas: readonly Schema[] = [schema];
  let at = value;
  for (const item of issue.path ?? []) {
    if (item.cut !== undefined) return;
    schemas = schemas.flatMap((candidate) => findPart(candidate, item, at));
    if (schemas.length === 0) {
      item.cut = "";
      return;
    }
    at = (at as Record<string, unknown> | undefined)?.[item.key as string];
  }
}

function findPart(schema: Schema, item: PathItem, value: unknown): readonly Schema[] {
  const { key } = item;
  const { pipe, entries, item: each, items, rest, wrapped, options, getter } = schema;
  if (pipe) return pipe.filter(isSchema).flatMap((part) => findPart(part, item, value));
  if (wrapped) return findPart(wrapped, item, value);
  if (getter) return findPart(getter(value), item, value);
  if (options) return options.filter(isSchema).flatMap((option) => findPart(option, item, value));
  if (entries) return typeof key === "string" && Object.hasOwn(entries, key) ? [entries[key] as Schema] : [];
  const isIndex = Array.isArray(value) && Number.isInteger(key) && (key as number) in value;
  const part = items?.[key as number] ?? each ?? rest;
  return isIndex && part ? [part] : [];
}
