/** An answer that has been read to its end. */
export interface Answered<T> {
  readonly status: number;
  readonly headers: Headers;
  /** What the body is as JSON. */
  readonly answer: T;
}

/**
 * Posts to a function.
 *
 * @param body text, bytes or a stream are sent as they are, anything else as JSON
 * @param headers over `content-type: application/json`
 */
export async function post<T = Record<string, unknown>>(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answered<T>> {
  const isReady = typeof body === "string" || body instanceof Uint8Array || body instanceof ReadableStream;
  const response = await fetch(url, {
    method: "POST",
    body: isReady ? (body as string) : JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
    ...(body instanceof ReadableStream && { duplex: "half" }),
  } as RequestInit);
  return { status: response.status, headers: response.headers, answer: (await response.json()) as T };
}
