import { NOT_NULL, OUT_OF_RANGE, REQUIRED, say } from "../events/words.ts";
import type { FieldError } from "../http/problem.ts";
import { ownMessages } from "./schema/prepare.ts";
import type { Issue, Schema } from "./schema/valibot.ts";

/** What is wrong with a value: by path, in the schema's order, one a path. */
export type Faults = ReadonlyMap<string, FieldError>;

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
  const faults = new Map<string, FieldError>();
  for (const issue of issues) {
    const steps = issue.path ?? [];
    const end = steps.findIndex(({ cut }) => cut !== undefined);
    const shown = steps.slice(0, end === -1 ? undefined : end).map(({ key }) => String(key));
    const at = [...(path === "" ? [] : [path]), ...shown].join(".");
    if (!faults.has(at)) faults.set(at, { path: at, message: toMessage(issue, end) });
  }
  return faults;
}

/** Our own words: valibot's repeat the rejected value, which an answer must never hold. */
function toMessage(issue: Issue, end: number): string {
  const words = toWords(issue);
  const whose = issue.path?.[end]?.cut;
  if (!whose) return words;
  const inside = issue.path?.slice(end + 1) ?? [];
  const next = inside.findIndex(({ cut }) => cut !== undefined);
  const named = inside.slice(0, next === -1 ? undefined : next).map(({ key }) => String(key));
  return named.length === 0 ? `${whose} ${words}` : `${whose}'s ${named.join(".")} ${words}`;
}

function toWords({ words, input, message, kind, type, expected, requirement }: Issue): string {
  if (words !== undefined) return words;
  if (Number.isNaN(input)) return OUT_OF_RANGE;
  if (input === undefined && kind === "schema") return REQUIRED;
  if (ownMessages.has(message) && type !== "raw_check") return message;
  if (input === null && kind === "schema") return NOT_NULL;
  return say(kind, type, { input, expected, requirement });
}
