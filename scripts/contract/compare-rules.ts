import { type JsonSchema, type Rule, rulesOf } from "../build/schemas/json-schema.ts";
import { type Change, toDifferent, toLooser, toStricter } from "./change.ts";
import { isLength } from "./compare-lengths.ts";
import { isPattern } from "./compare-patterns.ts";
import { isOpaque, toKey, toShape } from "./keywords.ts";

/** A rule that became another; only values show what that means. */
export interface RuleChange extends Change {
  /** What is different: its words alone; numbers and texts that values were drawn around; or anything. */
  readonly differs: "in words" | "in literals" | "in code";
}

/** Compares the rules that no keyword says: checks, bytes, and kinds that JSON Schema has one word for. */
export function compareRules(a: JsonSchema, b: JsonSchema, path: string): Change[] {
  const [before, after] = [a, b].map((schema) =>
    rulesOf(schema).filter((rule) => rule.said === "nothing" && !isLength(rule) && !isPattern(rule)),
  ) as [Rule[], Rule[]];
  const olds = before.filter((rule) => !after.some((other) => isSame(rule, other)));
  const news = after.filter((rule) => !before.some((other) => isSame(rule, other)));
  const changes: Change[] = [];
  for (const old of olds) {
    const index = findPair(old, news);
    if (index === -1) changes.push(toLooser(path, `rule removed: ${say(old)}`));
    else changes.push(toRuleChange(old, news.splice(index, 1)[0] as Rule, path));
  }
  changes.push(...news.map((rule) => toStricter(path, `rule added: ${say(rule)}`)));
  return [...compareKinds(a, b, path), ...changes];
}

/** Kinds that share a keyword: `email` and `rfcEmail` are one `format`. A format that is different says enough itself. */
function compareKinds(a: JsonSchema, b: JsonSchema, path: string): Change[] {
  if (a.format !== b.format) return [];
  const [before, after] = [a, b].map((schema) =>
    rulesOf(schema)
      .filter((rule) => rule.said === "part" && !isLength(rule))
      .map((rule) => [toKey(rule), rule.item.type] as const),
  ) as [[string, string][], [string, string][]];
  const only = (one: [string, string][], other: [string, string][]) =>
    one.filter(([key]) => !other.some(([each]) => each === key)).map(([, type]) => type);
  const [olds, news] = [only(before, after), only(after, before)];
  if (olds.length > 0 && news.length > 0) {
    return [toDifferent(path, `check changed from ${olds.join(", ")} to ${news.join(", ")}`)];
  }
  if (news.length > 0) return [toStricter(path, `check added: ${news.join(", ")}`)];
  return olds.length > 0 ? [toLooser(path, `check removed: ${olds.join(", ")}`)] : [];
}

function isSame(a: Rule, b: Rule): boolean {
  return a.text === b.text && toKey(a) === toKey(b) && !(isOpaque(a) && a.item !== b.item);
}

/** Of the same kind: first the one with the same code or words. */
function findPair(old: Rule, news: readonly Rule[]): number {
  const isOfKind = (rule: Rule) => rule.item.type === old.item.type;
  const near = news.findIndex((rule) => isOfKind(rule) && (toKey(rule) === toKey(old) || rule.text === old.text));
  return near === -1 ? news.findIndex(isOfKind) : near;
}

function toRuleChange(old: Rule, next: Rule, path: string): RuleChange {
  const isSameCode = toKey(old) === toKey(next) && !isOpaque(old);
  const differs = isSameCode ? "in words" : toShape(old) === toShape(next) ? "in literals" : "in code";
  return { path, text: `rule changed: ${say(old)} → ${say(next)}`, differs };
}

function say({ text }: Rule): string {
  return text ? text.replace(/\.$/, "").replace(/^./, (letter) => letter.toLowerCase()) : "a check of its own";
}
