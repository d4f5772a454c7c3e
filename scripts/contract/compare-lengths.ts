import { type JsonSchema, type Rule, rulesOf } from "../build/schemas/json-schema.ts";
import { type Change, REFUSED, UNEXPECTED } from "./change.ts";

type Unit = "bytes" | "length" | "code_points" | "graphemes" | "words";

interface Limit {
  readonly side: "upper" | "lower";
  readonly unit: Unit;
  readonly count: number;
}

const LENGTH = /^(?:(min|max)_)?(bytes|length|code_points|graphemes|words)$/;

/** Whether a rule limits how long a text is. */
export function isLength({ item }: Rule): boolean {
  return LENGTH.test(item.type) || item.type === "non_empty" || item.type === "empty";
}

/** Whether a text's length is counted in a way that JSON Schema does not have. */
export function hasOwnLength(schema: JsonSchema): boolean {
  return schema.type === "string" && rulesOf(schema).some((rule) => isLength(rule) && rule.said !== "all");
}

/**
 * How many of one unit a single one of another can be, at most: a code unit is up to 3 bytes, a character up to 2 code units.
 * What a reader takes for one character (a grapheme) may be any number of code points.
 */
const MOST: Readonly<Record<Unit, Readonly<Partial<Record<Unit, number>>>>> = {
  bytes: { bytes: 1, length: 1, code_points: 1, graphemes: 1 },
  length: { bytes: 3, length: 1, code_points: 1, graphemes: 1 },
  code_points: { bytes: 4, length: 2, code_points: 1, graphemes: 1 },
  graphemes: { graphemes: 1 },
  words: { words: 1 },
};

/** Compares how long two schemas let a text be, whatever they count. */
export function compareLengths(a: JsonSchema, b: JsonSchema, path: string): Change[] {
  return (["lower", "upper"] as const).flatMap((side) => {
    const [before, after] = [a, b].map((schema) => listLimits(schema).filter((limit) => limit.side === side)) as [
      Limit[],
      Limit[],
    ];
    if (say(before) === say(after)) return [];
    const isNarrowed = after.some((limit) => !before.some((other) => implies(other, limit)));
    const isWidened = before.some((limit) => !after.some((other) => implies(other, limit)));
    return {
      path,
      text: `${say(before)} → ${say(after)}`,
      ...(isNarrowed ? { backward: REFUSED } : {}),
      ...(isWidened ? { forward: UNEXPECTED } : {}),
    };
  });
}

function listLimits(schema: JsonSchema): Limit[] {
  return rulesOf(schema).flatMap(({ item }): Limit[] => {
    if (item.type === "non_empty") return [{ side: "lower", unit: "length", count: 1 }];
    if (item.type === "empty") return [{ side: "upper", unit: "length", count: 0 }];
    const [, end, unit] = LENGTH.exec(item.type) ?? [];
    if (unit === undefined) return [];
    const limit = { unit: unit as Unit, count: Number(item.requirement) };
    return [
      ...(end === "max" ? [] : [{ ...limit, side: "lower" } as const]),
      ...(end === "min" ? [] : [{ ...limit, side: "upper" } as const]),
    ];
  });
}

/** Whether every text within the first limit is within the second. */
function implies(limit: Limit, other: Limit): boolean {
  if (limit.side === "upper") return limit.count * (MOST[limit.unit][other.unit] ?? Infinity) <= other.count;
  if (other.count <= 0) return true;
  const most = MOST[other.unit][limit.unit] ?? Infinity;
  // Whatever is not empty has one of each, words apart.
  const least = Math.max(Math.ceil(limit.count / most), limit.count > 0 && other.unit !== "words" ? 1 : 0);
  return least >= other.count;
}

function say(limits: readonly Limit[]): string {
  const one = ({ side, unit, count }: Limit) =>
    `${side === "upper" ? "max" : "min"}${unit.replaceAll(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase())} ${count}`;
  return limits.map(one).sort().join(", ") || "no limit";
}
