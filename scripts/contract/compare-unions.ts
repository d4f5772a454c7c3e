import type { JsonSchema } from "../build/schemas/json-schema.ts";
import { type Change, type Comparison, toLooser, toStricter, toUnknown } from "./change.ts";
import { resolve, toEssence } from "./keywords.ts";

/**
 * Compares schemas of which one or both are a choice (`oneOf`, `anyOf`) or a sum (`allOf`) of others.
 *
 * @returns undefined where neither is
 */
export function compareUnions(
  comparison: Comparison,
  a: JsonSchema,
  b: JsonSchema,
  path: string,
): Change[] | undefined {
  if (a.allOf || b.allOf) return compareSums(comparison, a, b, path);
  const [before, after] = [readUnion(a, comparison.before), readUnion(b, comparison.after)];
  if (!before && !after) return undefined;
  const [own, others] = [before?.rest ?? {}, after?.rest ?? {}];
  // Beside a choice, further keywords hold for each of its members.
  if (before && after) {
    const rest = toEssence(own) === toEssence(others) ? [] : comparison.compare(own, others, path);
    return [...rest, ...compareMembers(comparison, before, after, path)];
  }
  if (toEssence(own) !== "{}" || toEssence(others) !== "{}") {
    return [toUnknown(path, "a union with keywords beside it became something else", MANY_PARTS)];
  }
  const single = (schema: JsonSchema) => ({ keyword: "anyOf", members: [schema], rest: {} });
  return compareMembers(comparison, before ?? single(a), after ?? single(b), path);
}

const MANY_PARTS = "this command does not compare schemas of several parts with others";

interface Union {
  readonly keyword: string;
  readonly members: readonly JsonSchema[];
  readonly rest: JsonSchema;
}

function readUnion(schema: JsonSchema, root: JsonSchema): Union | undefined {
  const { anyOf, oneOf, ...rest } = schema;
  const members = (oneOf ?? anyOf) as unknown[] | undefined;
  if (!members) return undefined;
  return { keyword: oneOf ? "oneOf" : "anyOf", members: members.map((member) => resolve(member, root)), rest };
}

function compareMembers(comparison: Comparison, before: Union, after: Union, path: string): Change[] {
  const [olds, news] = [withoutEqual(before, after), withoutEqual(after, before)];
  const changes: Change[] = [];
  const unpaired = olds.filter((old) => {
    const index = news.findIndex((member) => toKind(member) === toKind(old));
    if (index === -1) return true;
    changes.push(...comparison.compare(old, news.splice(index, 1)[0], path));
    return false;
  });
  const isCovered = (member: JsonSchema, union: Union, side: "backward" | "forward") =>
    union.members.some((other) => {
      const [a, b] = side === "backward" ? [member, other] : [other, member];
      return comparison.compare(a, b, path).every((change) => !change[side] && !change.unknown);
    });
  for (const member of unpaired) {
    const text = `${after.keyword} member removed: ${toKind(member)}`;
    changes.push(isCovered(member, after, "backward") ? { path, text } : toStricter(path, text));
  }
  for (const member of news) {
    const text = `${after.keyword} member added: ${toKind(member)}`;
    changes.push(isCovered(member, before, "forward") ? { path, text } : toLooser(path, text));
  }
  return changes;
}

function withoutEqual(union: Union, other: Union): JsonSchema[] {
  const others = new Set(other.members.map(toEssence));
  return union.members.filter((member) => !others.has(toEssence(member)));
}

/** What tells a member from the others: the constants that it has, else its type. */
function toKind(schema: JsonSchema): string {
  const constants = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>)
    .filter(([, member]) => typeof member === "object" && "const" in member)
    .map(([name, member]) => `${name}=${member.const}`);
  if (constants.length > 0) return constants.join(",");
  if ("const" in schema) return JSON.stringify(schema.const);
  return [schema.type ?? "any"].flat().join(" or ");
}

/** What is a part of a sum narrows it. Schemas that are no sum are one with a single part. */
function compareSums(comparison: Comparison, a: JsonSchema, b: JsonSchema, path: string): Change[] {
  const [before, after] = [a, b].map(({ allOf, ...rest }) => ({
    parts: ((allOf ?? []) as JsonSchema[]).slice(),
    rest,
  })) as [Sum, Sum];
  const changes = comparison.compare(before.rest, after.rest, path);
  const only = (parts: readonly JsonSchema[], others: readonly JsonSchema[]) => {
    const known = others.map(toEssence);
    return parts.filter((part) => !known.includes(toEssence(part)));
  };
  const [removed, added] = [only(before.parts, after.parts), only(after.parts, before.parts)];
  if (removed.length === added.length) {
    return [...changes, ...removed.flatMap((part, index) => comparison.compare(part, added[index], path))];
  }
  if (removed.length > 0 && added.length > 0) {
    return [...changes, toUnknown(path, "allOf has other parts, and not as many", MANY_PARTS)];
  }
  return [...changes, added.length > 0 ? toStricter(path, "allOf part added") : toLooser(path, "allOf part removed")];
}

interface Sum {
  readonly parts: JsonSchema[];
  readonly rest: JsonSchema;
}
