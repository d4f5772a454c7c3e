import type { Rule } from "../build/schemas/json-schema.ts";
import { describe } from "./describe-function.ts";

/** What decides in a rule: the requirement of an action, the function of a check. */
function toDecider(item: Rule["item"]): unknown {
  const { requirement, check, pathList } = item as { requirement?: unknown; check?: unknown; pathList?: unknown };
  if (requirement === undefined && check === undefined) return (item as { "~run"?: unknown })["~run"];
  return pathList === undefined ? (requirement ?? check) : [requirement, pathList];
}

const described = new WeakMap<object, ReturnType<typeof describe>>();

function describeRule({ item }: Rule): ReturnType<typeof describe> {
  const known = described.get(item) ?? describe(toDecider(item));
  described.set(item, known);
  return known;
}

/** @returns the same text for rules that do the same, as far as that can be seen */
export function toKey(rule: Rule): string {
  return `${rule.item.type} ${describeRule(rule).text}`;
}

/** Whether a part of a rule cannot be looked into, so that equal keys prove nothing. */
export function isOpaque(rule: Rule): boolean {
  return describeRule(rule).isOpaque;
}

/** Numbers and texts of a rule's words and code, the lists of a closure among them. */
export function readLiterals(rule: Rule): (string | number)[] {
  const text = `${rule.text} ${toKey(rule)}`;
  const texts = [...text.matchAll(/"([^"\\]{1,60})"|'([^'\\]{1,60})'|`([^`\\$]{1,60})`/g)];
  const numbers = [...text.matchAll(/(?<![\w.])-?\d[\d_]*(?:\.\d+)?(?:e\d+)?(?![\w.])/g)];
  return [
    ...texts.map(([, double, single, template]) => double ?? single ?? template ?? ""),
    ...numbers.map(([digits]) => Number(digits.replaceAll("_", ""))),
  ];
}

/** The same for rules that differ in nothing but numbers and texts. */
export function toShape(rule: Rule): string {
  const literal = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?<![\w.])-?\d[\d_]*(?:\.\d+)?(?:e\d+)?(?![\w.])/g;
  return toKey(rule)
    .replaceAll(literal, "?")
    .replaceAll(/\?(,\?)*/g, "?");
}
