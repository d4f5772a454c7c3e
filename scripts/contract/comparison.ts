import type { JsonSchema } from "../build/schemas/json-schema.ts";
import { type Change, join, toUnknown } from "./change.ts";
import { listUnknownKeywords } from "./keywords.ts";

/** Two documents, and the places where they are compared already. */
export interface Comparison {
  readonly before: JsonSchema;
  readonly after: JsonSchema;
  readonly seen: Set<string>;
  /** Compares two schemas of the documents; handed on so that each kind of schema has a file of its own. */
  compare(a: unknown, b: unknown, path: string): Change[];
}

/** Everything of a schema that is new as a whole and that the command does not know. */
export function listUnknown(schema: unknown, path: string): Change[] {
  if (typeof schema !== "object" || schema === null) return [];
  const { properties, items, ...others } = schema as JsonSchema;
  return [
    ...listUnknownKeywords(others).map((keyword) => toUnknownKeyword(path, keyword)),
    ...Object.entries((properties ?? {}) as object).flatMap(([name, member]) => listUnknown(member, join(path, name))),
    ...listUnknown(items, join(path, "*")),
    ...["anyOf", "oneOf", "allOf", "prefixItems"].flatMap((keyword) =>
      ((others[keyword] ?? []) as unknown[]).flatMap((member) => listUnknown(member, path)),
    ),
    ...listUnknown(others.additionalProperties, join(path, "*")),
  ];
}

/** A keyword that may narrow or widen, or do nothing. */
export function toUnknownKeyword(path: string, keyword: string): Change {
  return toUnknown(path, `keyword ${JSON.stringify(keyword)}`, "this command does not know what it means");
}
