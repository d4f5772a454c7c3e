const FIRST_MS = 200;
const LONGEST_MS = 20_000;

/**
 * How long to wait before the next attempt: as the answer says, and above it a random time that doubles its range with each
 * attempt made so far, so that many callers do not come back at once. @returns milliseconds
 */
export function toRetryDelay(attempts: number, retryAfterMs: number): number {
  return retryAfterMs + Math.random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempts - 1));
}

/**
 * Reads `Retry-After`, seconds or an HTTP date; nonsense is 0. A date is read against the answer's own `Date`, where it has
 * one: its sender's clock need not be ours. @returns milliseconds
 */
export function readRetryAfter(header: string | null, date: string | null): number {
  const text = header?.trim() ?? "";
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000;
  const until = readDate(text);
  return until === undefined ? 0 : Math.max(0, until - (readDate(date ?? "") ?? Date.now()));
}

function readDate(text: string): number | undefined {
  // Only text with a month's or a day's name: Date.parse takes "-5" for a month.
  const date = /^[A-Za-z]{3}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : date;
}
