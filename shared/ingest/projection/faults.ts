import * as v from "valibot";
import { actionWords, NOT_NULL, OUT_OF_RANGE, say, schemaWords } from "../../events/words.ts";
import type { FieldError } from "../../http/problem.ts";
import type { Compiled } from "./compile.ts";
import { type Issue, run } from "./schema.ts";

/**
 * Judges a projected value.
 *
 * @param path of the value; empty for an event itself
 * @returns its faults in the schema's order, one a path; undefined where there are none
 */
export function judge(
  { judge, accepts, messages }: Compiled,
  value: unknown,
  path: string,
): Map<string, FieldError> | undefined {
  if (accepts?.(value)) return undefined;
  const { issues } = run(judge, value, v.getGlobalConfig());
  if (!issues) return undefined;
  const faults = new Map<string, FieldError>();
  for (const issue of issues) {
    const at = toPath(path, issue.path);
    if (!faults.has(at)) faults.set(at, { path: at, message: toMessage(issue, messages) });
  }
  return faults;
}

function toPath(path: string, items: Issue["path"]): string {
  let joined = path;
  if (items) for (const { key } of items) joined = joined === "" ? `${key}` : `${joined}.${key}`;
  return joined;
}

/** Our own words: valibot's repeat the rejected value, which an answer must never hold. */
function toMessage(issue: Issue, messages: ReadonlySet<string>): string {
  const words = toWords(issue, messages);
  if (!issue.inside) return words;
  const [part, ...path] = issue.inside;
  return path.length === 0 ? `${part} ${words}` : `${part}'s ${path.join(".")} ${words}`;
}

function toWords({ words, input, message, kind, type, ...described }: Issue, messages: ReadonlySet<string>): string {
  if (words !== undefined) return words;
  if (Number.isNaN(input)) return OUT_OF_RANGE;
  if (messages.has(message)) return message;
  if (input === null && kind === "schema") return NOT_NULL;
  const row = (kind === "schema" ? schemaWords : actionWords)[type];
  return say(row, { ...described, input }) ?? "must be valid";
}
