import type { JsonSchema } from "./json-schema.ts";

/**
 * Moves a schema into a document: its references to its own definitions start at the document's root.
 *
 * @param pointer where the schema stands in the document, such as `#/components/schemas/Order`
 */
export function moveRefs(schema: JsonSchema, pointer: string): JsonSchema {
  const move = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(move);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([keyword, inner]) => [
        keyword,
        keyword === "$ref" && typeof inner === "string"
          ? inner.replace(/^#\/\$defs\//, `${pointer}/$defs/`)
          : move(inner),
      ]),
    );
  };
  return move(schema) as JsonSchema;
}
