import { NOT_NULL, OUT_OF_RANGE, REQUIRED, say, sayKind } from "../words.ts";
import { HIDDEN, ownMessages } from "./prepare.ts";
import type { Issue, PathItem, Schema } from "./valibot.ts";

/** What is wrong at a path. */
export interface Fault {
  readonly path: string;
  readonly message: string;
}

/** What is wrong with a value: by path, in the schema's order, one a path. */
export type Faults = ReadonlyMap<string, Fault>;

/**
 * Has a schema judge a value.
 *
 * @param schema that was prepared
 * @param path of the value; empty for an event itself
 * @returns undefined where there are no faults
 */
export function listFaults(schema: Schema, value: unknown, path: string): Faults | undefined {
  const { issues } = schema["~run"]({ value }, {});
  if (!issues) return undefined;
  const faults = new Map<string, Fault>();
  for (const issue of issues) {
    const at = toPath(path, issue.path ?? NO_STEPS);
    if (!faults.has(at)) faults.set(at, { path: at, message: toMessage(issue) });
  }
  return faults;
}

const NO_STEPS: readonly PathItem[] = [];

/** Up to the first key that the caller chose. */
function toPath(start: string, steps: readonly PathItem[]): string {
  let path = start;
  for (const { key, cut } of steps) {
    if (cut !== undefined) break;
    path = path === "" ? String(key) : `${path}.${String(key)}`;
  }
  return path;
}

/** Says of what is inside an entry whose it is, as far as the schema names it. */
function toMessage(issue: Issue): string {
  const words = toWords(issue);
  const steps = issue.path ?? NO_STEPS;
  const at = steps.findIndex(({ cut }) => cut !== undefined);
  const whose = steps[at]?.cut;
  if (!whose) return words;
  const inside = toPath("", steps.slice(at + 1));
  return inside === "" ? `${whose} ${words}` : `${whose}'s ${inside} ${words}`;
}

/** Our own words: valibot's repeat the rejected value, which an answer must never hold. */
function toWords({ words, input, message, kind, type, expected, requirement }: Issue): string {
  if (words !== undefined) return words;
  if (Number.isNaN(input)) return OUT_OF_RANGE;
  if (input === undefined && kind === "schema") return REQUIRED;
  if (ownMessages.has(message) && type !== "raw_check") return message;
  if (input === null && kind === "schema") return NOT_NULL;
  return message === HIDDEN ? sayKind(kind, type) : say(kind, type, { input, expected, requirement });
}
