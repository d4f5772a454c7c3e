import { type JsonSchema, rulesOf } from "../build/schemas/json-schema.ts";
import type { Change } from "./change.ts";
import { comparePatterns, listPatterns } from "./compare-patterns.ts";
import { compareRules } from "./compare-rules.ts";
import { compareConjuncts, compareFormats, compareKeywords } from "./compare-values.ts";
import { drawValues, listRepeats } from "./draw-values.ts";
import { listValues, takes } from "./takes.ts";

/** Fewer values than these, right on one side, prove nothing of the other. */
const ENOUGH = 20;

/** Compares what two schemas say of single values. */
export function compareScalars(a: JsonSchema, b: JsonSchema, path: string): Change[] {
  const formats = compareFormats(a, b, path);
  const ordered = [...compareKeywords(a, b, path), ...comparePatterns(a, b, path), ...formats];
  const others = [...compareConjuncts(a, b, path), ...compareRules(a, b, path)];
  // Of two formats, or two functions, values that one of them takes are drawn by chance alone.
  const isDrawn = others.length === 0 && !formats.some(({ backward, forward }) => backward && forward);
  return [...(isDrawn ? decide(a, b, ordered) : ordered), ...others];
}

/**
 * Bounds and patterns say the same things in different ways: a pattern of three letters is a length, too. Where each side
 * has something that the other lacks, and drawn values show that only one of them matters, the other is no break.
 */
function decide(a: JsonSchema, b: JsonSchema, changes: readonly Change[]): readonly Change[] {
  const sides = (["backward", "forward"] as const).filter((side) => changes.some((change) => change[side]));
  if (sides.length < 2) return changes;
  // What makes a word, or one character to a reader, is drawn too seldom.
  if ([a, b].some((schema) => rulesOf(schema).some(({ item }) => /words|graphemes/.test(item.type)))) return changes;
  const repeats = listRepeats([a, b].flatMap(listPatterns));
  const mentioned = [...[a, b].flatMap(listMentioned), ...repeats];
  const values = [a, b].flatMap((schema) => drawValues({ root: schema, mentioned }, schema));
  const show = (from: JsonSchema, to: JsonSchema) => {
    const right = values.filter((value) => takes(from, value));
    return { isBroken: right.some((value) => !takes(to, value)), isEnough: right.length >= ENOUGH };
  };
  const [backward, forward] = [show(a, b), show(b, a)];
  if (backward.isBroken && !forward.isBroken && forward.isEnough) return drop(changes, "forward");
  if (forward.isBroken && !backward.isBroken && backward.isEnough) return drop(changes, "backward");
  return changes;
}

/** Lengths that are no keyword's, and what is not allowed. */
function listMentioned(schema: JsonSchema): (string | number)[] {
  const { not = {} } = schema as { not?: JsonSchema };
  const refused = [not, ...((not.anyOf ?? []) as JsonSchema[])].flatMap((each) => listValues(each) ?? []);
  return [...rulesOf(schema).map(({ item }) => item.requirement), ...refused].filter(
    (each): each is string | number => typeof each === "number" || typeof each === "string",
  );
}

function drop(changes: readonly Change[], side: "backward" | "forward"): Change[] {
  return changes.map(({ [side]: _, ...change }) => change);
}
