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

function readUrl(name: string, value: unknown): string {
  if (typeof value !== "string" || !/^https?:[^?#]+$/.test(value) || !URL.canParse(value)) {
    throw new TypeError(`${name} must be an http or https URL; it is ${value ? "none" : "missing"}.`);
  }
  return value.replace(/\/+$/, "");
}
