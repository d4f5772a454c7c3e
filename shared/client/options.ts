import { MAX_BATCH_BYTES, MAX_BATCH_EVENTS } from "../events/limits.ts";
import type { ClientOptions } from "./api.ts";
import type { FunctionName } from "./events.ts";
import { functionByType } from "./function-by-type.ts";
import { MAX_TIMER_MS } from "./hold.ts";

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

/** What is allowed, in words, and whether a value is. */
type Rule = readonly [allowed: string, isAllowed: (value: unknown) => boolean];

function typed(type: "function" | "boolean" | "string" | "object"): Rule {
  return [`${type === "object" ? "an" : "a"} ${type}`, (value) => typeof value === type && value !== null];
}

function number(allowed: string, isAllowed: (value: number) => boolean): Rule {
  return [allowed, (value) => typeof value === "number" && isAllowed(value)];
}

function upTo(most: number): Rule {
  return number(`a whole number from 1 to ${most}`, (value) => Number.isInteger(value) && value >= 1 && value <= most);
}

const isTime = (value: number) => value > 0 && value <= MAX_TIMER_MS;
const isTimeout = (value: number) => isTime(value) || value === Number.POSITIVE_INFINITY;
const timeoutMs = number(`milliseconds above 0, at most ${MAX_TIMER_MS}, or Infinity`, isTimeout);
const signal: Rule = ["an AbortSignal", (value) => typeof Object(value).addEventListener === "function"];

const rules = {
  createClient: {
    ...{ urls: typed("object"), baseUrl: typed("string"), headers: typed("object") },
    ...{ token: typed("function"), fetch: typed("function"), onError: typed("function"), onRetry: typed("function") },
    ...{ gzip: typed("boolean"), enabled: typed("boolean") },
    attemptTimeoutMs: number(`milliseconds above 0, at most ${MAX_TIMER_MS}`, isTime),
    ...{ timeoutMs, maxRequests: upTo(10_000) },
  },
  createSender: {
    maxDelayMs: number(`milliseconds from 0 to ${MAX_TIMER_MS}`, (value) => value === 0 || isTime(value)),
    ...{ maxEvents: upTo(MAX_BATCH_EVENTS), maxBytes: upTo(MAX_BATCH_BYTES) },
    ...{ maxPending: upTo(Number.MAX_SAFE_INTEGER), maxPendingBytes: upTo(Number.MAX_SAFE_INTEGER) },
  },
  send: { timeoutMs, signal, traceparent: typed("string") },
  "flush and close": {
    timeoutMs: number("milliseconds from 0, or Infinity", (value) => value === 0 || isTimeout(value)),
    signal,
  },
} satisfies Readonly<Record<string, Readonly<Record<string, Rule>>>>;

/**
 * Checks a call's options: what is wrong must be seen at the start, not as events that are never sent.
 *
 * @throws TypeError that names the option, its value where that is no secret, and what is allowed
 */
export function checkOptions(call: keyof typeof rules, options: object): void {
  const known: Readonly<Record<string, Rule>> = rules[call];
  for (const [name, value] of Object.entries(options)) {
    const [allowed, isAllowed] = (Object.hasOwn(known, name) && known[name]) || [];
    if (!isAllowed) throw new TypeError(`${call} has no option ${name}; it has ${Object.keys(known).join(", ")}.`);
    if (value === undefined || isAllowed(value)) continue;
    // A text may be a token or have a password in it, unless it is a number's.
    const isShown = typeof value === "string" ? /^[\d.,\s-]{0,20}$/.test(value) : Object(value) !== value;
    const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
    throw new TypeError(`${name} must be ${allowed}; it is ${isShown ? shown : `of type ${typeof value}`}.`);
  }
}

/** @returns headers by names in lower case. @throws TypeError for what HTTP does not allow */
export function readHeaders(headers: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  try {
    return Object.fromEntries(new Headers(headers));
  } catch {
    throw new TypeError(`headers must be names and texts that HTTP allows; one of ${Object.keys(headers)} is not.`);
  }
}
