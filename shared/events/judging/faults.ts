import { NOT_NULL, OUT_OF_RANGE, REQUIRED, say } from "../words.ts";
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
    const at = toPath(path, issue.path ?? []);
    if (!faults.has(at)) faults.set(at, { path: at, message: toMessage(issue) });
  }
  return faults;
}

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
  const { path = [] } = issue;
  const at = path.findIndex(({ cut }) => cut !== undefined);
  const whose = path[at]?.cut;
  if (!whose) return words;
  const inside = toPath("", path.slice(at + 1));
  return inside === "" ? `${whose} ${words}` : `${whose}'s ${inside} ${words}`;
}

/** Our own words: valibot's repeat the rejected value, which an answer must never hold. */
function toWords(issue: Issue): string {
  const { words, own, isHidden, input, kind } = issue;
  if (words !== undefined) return words;
  if (Number.isNaN(input)) return OUT_OF_RANGE;
  if (input === undefined && kind === "schema") return REQUIRED;
  if (own !== undefined && !isHidden) return own;
  return input === null && kind === "schema" ? NOT_NULL : say(issue, isHidden);
}
