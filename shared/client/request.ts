import type { ClientOptions, Fetch } from "./api.ts";
import { toReason } from "./errors.ts";
import { readRetryAfter } from "./retry-delay.ts";

/** Set by the build. */
declare const PACKAGE_VERSION: string | undefined;

/** As browsers forbid a header of this name, they leave it out. */
const USER_AGENT = `pulsecart-events/${typeof PACKAGE_VERSION === "string" ? PACKAGE_VERSION : "source"}`;

/** No answer of the producer's to a batch is half as large; what never ends must not fill the memory. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** An answer, whoever gave it. */
export interface Answer {
  readonly status: number;
  readonly retryAfterMs: number;
  readonly text: string;
}

/** One attempt. */
export interface OutgoingRequest {
  /** The function's: also the audience of the token. */
  readonly url: string;
  readonly path: string;
  readonly body: string;
  readonly traceparent: string | undefined;
  readonly signal: AbortSignal;
}

/** Posts a body, again where the token is refused and there is another. @throws whatever came in an answer's place */
export async function post(request: OutgoingRequest, options: ClientOptions): Promise<Answer> {
  const { url } = request;
  const ask = async (...refused: [string?]) => {
    try {
      return await options.token?.(url, ...refused);
    } catch (cause) {
      throw new Error(`There is no token: ${toReason(cause)}`, { cause });
    }
  };
  const bearer = await ask();
  const answer = await postOnce(request, options, bearer);
  if (answer.status !== 401 || !bearer) return answer;
  const another = await ask(bearer);
  return another && another !== bearer ? postOnce(request, options, another) : answer;
}

async function postOnce(request: OutgoingRequest, options: ClientOptions, bearer: string | undefined): Promise<Answer> {
  const { url, path, body, traceparent, signal } = request;
  // The token may come when nobody waits for it any more.
  signal.throwIfAborted();
  // Found at each request: tests replace the global one.
  const send: Fetch = options.fetch ?? fetch;
  const response = await send(url + path, {
    method: "POST",
    headers: {
      "user-agent": USER_AGENT,
      ...options.headers,
      "content-type": "application/json",
      ...(options.gzip && { "content-encoding": "gzip" }),
      ...(traceparent && { traceparent }),
      ...(bearer && { authorization: `Bearer ${bearer}` }),
    },
    body: options.gzip ? await compress(body) : body,
    // Neither the token nor the event is meant for anybody else.
    redirect: "manual",
    signal,
  });
  const text = await readText(response);
  const retryAfterMs = readRetryAfter(response.headers.get("retry-after"), response.headers.get("date"));
  return { status: response.status, retryAfterMs, text };
}

function compress(body: string): Promise<ArrayBuffer> {
  const compressed = new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Response(compressed).arrayBuffer();
}

/** @throws Error for an answer that is larger than any of the producer's */
async function readText(response: Response): Promise<string> {
  if (!response.body) return response.text();
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let text = "";
  for (let bytes = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.length;
    if (bytes > MAX_ANSWER_BYTES) {
      await reader.cancel();
      throw new Error(`The answer has more than ${MAX_ANSWER_BYTES} bytes.`);
    }
    text += decoder.decode(value, { stream: true });
  }
}
