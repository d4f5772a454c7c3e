import type { JsonSchema } from "../build/schemas/json-schema.ts";
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

/** One difference between two contracts. */
export interface Change {
  /** Where: `payload.items.*.quantity`, `topic`; empty for the event type as a whole. */
  readonly path: string;
  /** What is different. */
  readonly text: string;
  /** Why what was accepted is accepted no longer; absent where it still is. */
  readonly backward?: string;
  /** Why a consumer of yesterday cannot read what is published now; absent where it can. */
  readonly forward?: string;
  /** Why the command cannot tell what it means; absent where it can. */
  readonly unknown?: string;
  /** Which messages in report mode now carry `payload_faults`; absent where none do. */
  readonly marked?: string;
  /** What is worth a thought, though by the rules it breaks nobody. */
  readonly notice?: string;
}

/** What a rule that becomes stricter does. */
export const REFUSED = "events accepted today would be refused";

/** What a rule that becomes looser does. */
export const UNEXPECTED = "a consumer of yesterday would get what it does not expect";

export function toStricter(path: string, text: string): Change {
  return { path, text, backward: REFUSED };
}

export function toLooser(path: string, text: string): Change {
  return { path, text, forward: UNEXPECTED };
}

/** Neither is a part of the other. */
export function toDifferent(path: string, text: string): Change {
  return { path, text, backward: REFUSED, forward: UNEXPECTED };
}

export function toUnknown(path: string, text: string, unknown: string): Change {
  return { path, text, unknown };
}

/** Whether one path leads to the other or beyond; `*` is any item or member. */
export function isWithin(path: string, above: string): boolean {
  if (above === "") return true;
  const [steps, start] = [path.split("."), above.split(".")];
  return start.every(
    (step, index) => step === steps[index] || (steps[index] && (step === "*" || steps[index] === "*")),
  );
}

/** @returns a path one step further down */
export function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
