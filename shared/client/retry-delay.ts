const FIRST_MS = 200;
const LONGEST_MS = 20_000;

/**
 * How long to wait before the next attempt: at least as `Retry-After` says, and above it a random time that doubles its range
 * with each attempt, so that many callers do not come back at once.
 *
 * @param attempts made so far
 * @param retryAfter the header, seconds or an HTTP date; null or nonsense is none
 * @returns milliseconds
 */
export function toRetryDelay(attempts: number, retryAfter: string | null): number {
  const jitter = Math.random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempts - 1));
  return readRetryAfter(retryAfter?.trim() ?? "") + jitter;
}

function readRetryAfter(text: string): number {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000;
  // Only text with a month's or a day's name: Date.parse takes "-5" for a month.
  const date = /^[A-Za-z]{3}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? 0 : Math.max(0, date - Date.now());
}
