/** What the caller of a function sees. */
export interface Answer {
  /** 0 when there was none. */
  readonly status: number;
  readonly ms: number;
  /** As sent, JSON text. */
  readonly body: string;
  /** Seconds, as text; of an answer that can be tried again. */
  readonly retryAfter: string;
}

/** What the browser says of a server that is not there is of no help. */
export const NOBODY = "No answer: npm start does not run, or was just restarted.";

/**
 * Sends JSON to the front of the stack.
 *
 * @param body bytes as they shall arrive
 */
export async function sendJson(
  method: string,
  path: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const startedAt = performance.now();
  const elapsed = () => performance.now() - startedAt;
  try {
    const response = await fetch(path, { method, headers: { "Content-Type": "application/json", ...headers }, body });
    const text = await response.text();
    const retryAfter = response.headers.get("retry-after") ?? "";
    return { status: response.status, ms: elapsed(), body: text, retryAfter };
  } catch (error) {
    // A header that cannot be sent is the caller's fault.
    const detail = /fetch/i.test(String(error)) && !/header/i.test(String(error)) ? NOBODY : String(error);
    return { status: 0, ms: elapsed(), body: JSON.stringify({ detail }), retryAfter: "" };
  }
}
