import { NOT_NULL, OUT_OF_RANGE, REQUIRED, say } from "../words.ts";
import { ownMessages } from "./prepare.ts";
import type { Issue, Schema } from "./valibot.ts";

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
    const [shown, whose, inside] = readPath(issue);
    const at = [...(path === "" ? [] : [path]), ...shown].join(".");
    if (faults.has(at)) continue;
    const words = toWords(issue);
    const subject = inside.length > 0 ? `${whose}'s ${inside.join(".")}` : whose;
    faults.set(at, { path: at, message: subject ? `${subject} ${words}` : words });
  }
  return faults;
}

/** What is shown of an issue's path: up to a key that the caller chose; what that is; and from there to the next such key. */
function readPath({ path = [] }: Issue): readonly [shown: string[], whose: string | undefined, inside: string[]] {
  const pieces: string[][] = [[]];
  for (const { key, cut } of path) {
    if (cut === undefined) pieces.at(-1)?.push(String(key));
    else pieces.push([]);
  }
  const [shown = [], inside = []] = pieces;
  return [shown, path.find(({ cut }) => cut !== undefined)?.cut, inside];
}

/** Our own words: valibot's repeat the rejected value, which an answer must never hold. */
function toWords({ words, input, message, kind, type, expected, requirement }: Issue): string {
  if (words !== undefined) return words;
  if (Number.isNaN(input)) return OUT_OF_RANGE;
  if (input === undefined && kind === "schema") return REQUIRED;
  if (ownMessages.has(message) && type !== "raw_check") return message;
  if (input === null && kind === "schema") return NOT_NULL;
  return say(kind, type, { input, expected, requirement });
}
