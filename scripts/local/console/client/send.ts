/** What the caller of a function sees. */
export interface Answer {
  readonly status: number;
  readonly ms: number;
  /** As sent, JSON text. */
  readonly body: string;
  /** Seconds, as text; of an answer that can be tried again. */
  readonly retryAfter: string | null;
}

/**
 * Sends JSON to the front of the stack.
 *
 * @param body bytes as they shall arrive
 * @returns the answer; status 0 when there was none
 */
export async function sendJson(method: "POST" | "PUT", path: string, body: string): Promise<Answer> {
  const startedAt = performance.now();
  const elapsed = () => performance.now() - startedAt;
  try {
    const response = await fetch(path, { method, headers: { "Content-Type": "application/json" }, body });
    const text = await response.text();
    return { status: response.status, ms: elapsed(), body: text, retryAfter: response.headers.get("retry-after") };
  } catch (error) {
    return { status: 0, ms: elapsed(), body: JSON.stringify({ detail: String(error) }), retryAfter: null };
  }
}
