import type { TokenSource } from "./api.ts";
import type { Answer } from "./verdicts.ts";

/** One attempt. */
export interface OutgoingRequest {
  /** The function's: also the audience of the token. */
  readonly url: string;
  readonly path: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly token: TokenSource | undefined;
  readonly gzip: boolean;
  readonly signal: AbortSignal;
}

/**
 * Posts a body, a second time where the token is refused and there is another.
 *
 * @throws whatever came in place of a complete answer
 */
export async function post(request: OutgoingRequest): Promise<Answer> {
  const { url, token, signal } = request;
  const bearer = await unlessAborted(signal, token?.(url));
  const answer = await postOnce(request, bearer);
  if (answer.status !== 401 || !token || !bearer) return answer;
  const another = await unlessAborted(signal, token(url, bearer));
  return another && another !== bearer ? postOnce(request, another) : answer;
}

async function postOnce(request: OutgoingRequest, bearer: string | undefined): Promise<Answer> {
  const { url, path, body, gzip, signal } = request;
  const response = await fetch(url + path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(gzip && { "content-encoding": "gzip" }),
      ...(bearer && { authorization: `Bearer ${bearer}` }),
    },
    body: gzip ? await compress(body) : body,
    // Neither the token nor the event is meant for anybody else.
    redirect: "manual",
    signal,
  });
  const text = await response.text();
  return { status: response.status, retryAfter: response.headers.get("retry-after"), body: parse(text) };
}

function compress(body: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
  const compressed = new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Response(compressed).arrayBuffer();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Waits for what may never come, no longer than the attempt lasts. */
function unlessAborted<T>(signal: AbortSignal, value: T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    Promise.resolve(value)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", abort));
  });
}
