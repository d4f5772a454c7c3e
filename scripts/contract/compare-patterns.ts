import { type JsonSchema, type Rule, rulesOf } from "../build/schemas/json-schema.ts";
import { type Change, toDifferent, toLooser, toStricter } from "./change.ts";

/** Whether a rule is a regular expression, or a text that must be in another. */
export function isPattern({ item, said }: Rule): boolean {
  return (
    said !== "part" && (item.requirement instanceof RegExp || /^(starts_with|ends_with|includes)$/.test(item.type))
  );
}

/** The patterns that a text must have. */
export function listPatterns(schema: JsonSchema): RegExp[] {
  const rules = rulesOf(schema).filter(isPattern);
  if (rules.length === 0) return typeof schema.pattern === "string" ? [new RegExp(schema.pattern)] : [];
  return rules.map(({ item }) => {
    if (item.requirement instanceof RegExp) return item.requirement;
    const text = String(item.requirement).replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&");
    return new RegExp(item.type === "starts_with" ? `^${text}` : item.type === "ends_with" ? `${text}$` : text);
  });
}

/** Compares patterns, which are the same, come, go, or are another: which texts these take is not for this to say. */
export function comparePatterns(a: JsonSchema, b: JsonSchema, path: string): Change[] {
  const [before, after] = [a, b].map((schema) => listPatterns(schema).map(String)) as [string[], string[]];
  const isRemoved = before.some((pattern) => !after.includes(pattern));
  const isAdded = after.some((pattern) => !before.includes(pattern));
  if (isAdded && isRemoved) return [toDifferent(path, "pattern changed")];
  if (isAdded) return [toStricter(path, "pattern added")];
  return isRemoved ? [toLooser(path, "pattern removed")] : [];
}
