import type { ClientOptions } from "./api.ts";
import type { FunctionName } from "./events.ts";
import { functionByType } from "./function-by-type.ts";

/**
 * Finds each function's URL: a missing one must be seen at the start, not as events that are tried again for a minute.
 *
 * @returns by function, without a slash at the end; functions that the caller does not name are absent
 * @throws TypeError for what is no URL, or where there is none at all
 */
export function readFunctionUrls({ urls = {}, baseUrl }: ClientOptions): ReadonlyMap<FunctionName, string> {
  const found = new Map<FunctionName, string>();
  const names = new Set(functionByType.values());
  if (baseUrl !== undefined) {
    const base = readUrl("baseUrl", baseUrl);
    for (const name of names) found.set(name, `${base}/${name}`);
  }
  for (const [name, url] of Object.entries(urls)) {
    if (!names.has(name as FunctionName)) throw new TypeError(`urls.${name}: there is no such function.`);
    found.set(name as FunctionName, readUrl(`urls.${name}`, url));
  }
  if (found.size === 0) throw new TypeError("createClient needs urls, or a baseUrl.");
  return found;
}

/** Whatever is around it, as what was pasted into a secret often has a line feed at its end. */
function readUrl(name: string, value: unknown): string {
  const text = typeof value === "string" ? value.trim() : "";
  const url = /^https?:[^?#\s]+$/.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (url?.username || url?.password) throw new TypeError(`${name} must have neither user nor password in it.`);
  // What has an @ may have a password before it.
  const shown = text.includes("@") ? "no URL" : JSON.stringify(text.slice(0, 200));
  const found = value === undefined || text === "" ? "missing" : shown;
  if (!url) throw new TypeError(`${name} must be an http or https URL without query and fragment; it is ${found}.`);
  return text.replace(/\/+$/, "");
}
