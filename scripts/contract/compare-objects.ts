import type { JsonSchema } from "../build/schemas/json-schema.ts";
import {
  type Change,
  type Comparison,
  join,
  listUnknown,
  REFUSED,
  toLooser,
  toStricter,
  UNEXPECTED,
} from "./change.ts";
import { toEssence, toNode } from "./keywords.ts";

/** Compares the members of two schemas: which there are, which must be there, and what else may be. */
export function compareObjects(comparison: Comparison, a: JsonSchema, b: JsonSchema, path: string): Change[] {
  const [before, after] = [readObject(a), readObject(b)];
  const names = new Set([...Object.keys(before.properties), ...Object.keys(after.properties)]);
  return [
    ...[...names, ...before.required, ...after.required]
      .filter((name, index, all) => all.indexOf(name) === index)
      .flatMap((name) => compareMember(comparison, before, after, name, join(path, name))),
    ...compareOthers(comparison, before, after, join(path, "*")),
    ...compareNames(comparison, a.propertyNames, b.propertyNames, path),
  ];
}

/** What the names of members may be; they are texts always. */
function compareNames(comparison: Comparison, a: unknown, b: unknown, path: string): Change[] {
  const text = { type: "string" };
  const changes = comparison.compare(a ?? text, b ?? text, path);
  return changes.map((change) => ({ ...change, text: `names of members: ${change.text}` }));
}

interface ObjectSchema {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly required: readonly string[];
  /** What members may be that have no name; undefined where anything. */
  readonly others: JsonSchema | undefined;
  readonly isClosed: boolean;
}

function readObject(schema: JsonSchema): ObjectSchema {
  const others = toNode(schema.additionalProperties);
  return {
    properties: (schema.properties ?? {}) as Record<string, unknown>,
    required: (schema.required ?? []) as string[],
    others: toEssence(others) === "{}" ? undefined : others,
    isClosed: schema.additionalProperties === false,
  };
}

function compareMember(
  comparison: Comparison,
  before: ObjectSchema,
  after: ObjectSchema,
  name: string,
  path: string,
): Change[] {
  const changes = compareRequired(before, after, name, path);
  const isRequired = before.required.includes(name) || after.required.includes(name);
  const had = Object.hasOwn(before.properties, name);
  const has = Object.hasOwn(after.properties, name);
  if (had && has) return [...changes, ...comparison.compare(before.properties[name], after.properties[name], path)];
  if (!had && !has) return changes;
  if (has) {
    changes.push(...listUnknown(after.properties[name], path));
    if (before.isClosed) return [...changes, { path, text: "property added to a closed object", forward: UNEXPECTED }];
    if (before.others) return [...changes, ...comparison.compare(before.others, after.properties[name], path)];
    if (isRequired) return changes;
    const text = "optional property added";
    // By the letter a member of this name may have been sent with any value; it was no part of the contract.
    const isFree = toEssence(after.properties[name]) === "{}";
    return [...changes, isFree ? { path, text } : { path, text, notice: "events that send something else there" }];
  }
  if (after.isClosed) return [...changes, { path, text: "property removed from a closed object", backward: REFUSED }];
  if (after.others) return [...changes, ...comparison.compare(before.properties[name], after.others, path)];
  if (isRequired) return changes;
  const isFree = toEssence(before.properties[name]) === "{}";
  const text = "optional property removed";
  return [
    ...changes,
    isFree ? { path, text } : { path, text, forward: "nothing checks what a consumer of yesterday reads" },
  ];
}

function compareRequired(before: ObjectSchema, after: ObjectSchema, name: string, path: string): Change[] {
  const was = before.required.includes(name);
  const is = after.required.includes(name);
  if (was === is) return [];
  if (is) return [toStricter(path, "required added")];
  return [{ path, text: "required removed", forward: "a consumer of yesterday counts on it" }];
}

function compareOthers(comparison: Comparison, before: ObjectSchema, after: ObjectSchema, path: string): Change[] {
  if (before.isClosed && after.isClosed) return [];
  if (after.isClosed) return [toStricter(path, "object closed: members without a name are refused")];
  if (before.isClosed) return [toLooser(path, "object opened: members without a name are taken")];
  if (!before.others && !after.others) return [];
  if (!before.others) return [...listUnknown(after.others, path), toStricter(path, "additionalProperties added")];
  if (!after.others) return [toLooser(path, "additionalProperties removed")];
  return comparison.compare(before.others, after.others, path);
}
