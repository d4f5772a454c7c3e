import { MAX_BATCH_BYTES, MAX_BATCH_EVENTS } from "../events/limits.ts";
import { MAX_TIMER_MS } from "./entry.ts";

/** What is allowed, in words, and whether a value is. */
interface Rule {
  readonly allowed: string;
  readonly isAllowed: (value: unknown) => boolean;
}

function typed(type: "function" | "boolean" | "string" | "object"): Rule {
  const allowed = `${type === "object" ? "an" : "a"} ${type}`;
  return { allowed, isAllowed: (value) => typeof value === type && value !== null };
}

function integer(most: number, unit: string): Rule {
  const allowed = `a whole number of ${unit} from 1 to ${most}`;
  return { allowed, isAllowed: (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most };
}

function milliseconds({ zero = false, infinity = false }): Rule {
  return {
    allowed: `milliseconds ${zero ? "not below" : "above"} 0, at most ${MAX_TIMER_MS}${infinity ? ", or Infinity" : ""}`,
    isAllowed: (value) =>
      typeof value === "number" &&
      (value > 0 || (zero && value === 0)) &&
      (value <= MAX_TIMER_MS || (infinity && value === Number.POSITIVE_INFINITY)),
  };
}

const signal: Rule = {
  allowed: "an AbortSignal",
  isAllowed: (value) => typeof Object(value).addEventListener === "function",
};

/** How many waits is for the machine's memory to say. */
const ANY_NUMBER = Number.MAX_SAFE_INTEGER;

const rules = {
  createClient: {
    urls: typed("object"),
    baseUrl: typed("string"),
    token: typed("function"),
    headers: typed("object"),
    gzip: typed("boolean"),
    timeoutMs: milliseconds({ infinity: true }),
    attemptTimeoutMs: milliseconds({}),
    maxRequests: integer(10_000, "requests"),
    onError: typed("function"),
    onRetry: typed("function"),
    enabled: typed("boolean"),
    fetch: typed("function"),
  },
  createSender: {
    maxDelayMs: milliseconds({ zero: true }),
    maxEvents: integer(MAX_BATCH_EVENTS, "events"),
    maxBytes: integer(MAX_BATCH_BYTES, "bytes"),
    maxPending: integer(ANY_NUMBER, "events"),
    maxPendingBytes: integer(ANY_NUMBER, "bytes"),
  },
  send: { timeoutMs: milliseconds({ infinity: true }), signal, traceparent: typed("string") },
  "flush and close": { timeoutMs: milliseconds({ zero: true, infinity: true }), signal },
} satisfies Readonly<Record<string, Readonly<Record<string, Rule>>>>;

/**
 * Checks a call's options: what is wrong must be seen at the start, not as events that are never sent.
 *
 * @throws TypeError that names the option, its value where that is no secret, and what is allowed
 */
export function checkOptions(call: keyof typeof rules, options: unknown): void {
  if (options === undefined) return;
  if (Object(options) !== options) throw new TypeError(`The options of ${call} must be an object.`);
  const known: Readonly<Record<string, Rule>> = rules[call];
  for (const [name, value] of Object.entries(options as object)) {
    const rule = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!rule) throw new TypeError(`${call} has no option ${name}; it has ${Object.keys(known).join(", ")}.`);
    if (value === undefined || rule.isAllowed(value)) continue;
    throw new TypeError(`${name} must be ${rule.allowed}; it is ${show(value)}.`);
  }
}

/**
 * Reads the headers that are sent with each request.
 *
 * @returns them by names in lower case
 * @throws TypeError that names the header that is none, without its value
 */
export function readHeaders(headers: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const read = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    try {
      read.set(name, value);
    } catch {
      throw new TypeError(`headers must be names and texts that HTTP allows; ${JSON.stringify(name)} has none.`);
    }
  }
  return Object.fromEntries(read);
}

/** A text may be a token or have a password in it. */
function show(value: unknown): string {
  const isNumeric = typeof value === "string" && /^[\d.,\s_-]{0,20}$/.test(value);
  if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
  return isNumeric ? JSON.stringify(value) : `of type ${typeof value}`;
}
