import { type JsonSchema, type Rule, rulesOf } from "../build/schemas/json-schema.ts";
import { type Change, toLooser, toStricter } from "./change.ts";

/** A rule that became another; only values show what that means. */
export interface RuleChange extends Change {
  /** Nothing but the words is different, or the code under the same words. */
  readonly isLikelyTheSame: boolean;
}

/** Compares the rules that no keyword says. */
export function compareRules(a: JsonSchema, b: JsonSchema, path: string): Change[] {
  const [before, after] = [rulesOf(a), rulesOf(b)];
  const olds = before.filter((rule) => !after.some((other) => isSame(rule, other)));
  const news = after.filter((rule) => !before.some((other) => isSame(rule, other)));
  const changed = olds.slice(0, news.length);
  return [
    ...changed.map((old, index) => toRuleChange(old, news[index] as Rule, path)),
    ...news.slice(changed.length).map((rule) => toStricter(path, `rule added: ${say(rule)}`)),
    ...olds.slice(changed.length).map((rule) => toLooser(path, `rule removed: ${say(rule)}`)),
  ];
}

function isSame(a: Rule, b: Rule): boolean {
  return a.text === b.text && a.source === b.source;
}

function toRuleChange(old: Rule, next: Rule, path: string): RuleChange {
  const numbers = (text: string) => text.match(/\d+/g)?.join() ?? "";
  const isLikelyTheSame =
    old.text === next.text || (old.source === next.source && numbers(old.text) === numbers(next.text));
  return { path, text: `rule changed: ${say(old)} → ${say(next)}`, isLikelyTheSame };
}

function say({ text }: Rule): string {
  return text ? text.replace(/\.$/, "").replace(/^./, (letter) => letter.toLowerCase()) : "a check of its own";
}
