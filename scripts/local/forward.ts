import { isUtf8 } from "node:buffer";
import { type Agent, type IncomingMessage, request as openRequest, type ServerResponse } from "node:http";
import { brotliDecompressSync, constants, gunzipSync, inflateSync } from "node:zlib";
import { findInflater } from "../../shared/http/inflate.ts";

/** More than a function takes, so that a body that is read to here is refused wherever it goes. */
export const MAX_READ_BYTES = 11 * 1024 * 1024;

/** What breaks off is read as far as it goes. */
const UNFINISHED = { maxOutputLength: MAX_READ_BYTES, finishFlush: constants.Z_SYNC_FLUSH };

const inflaters = new Map<string, (body: Buffer) => Buffer>([
  ["gzip", (body) => gunzipSync(body, UNFINISHED)],
  ["deflate", (body) => inflateSync(body, UNFINISHED)],
  ["br", (body) => brotliDecompressSync(body, { ...UNFINISHED, finishFlush: constants.BROTLI_OPERATION_FLUSH })],
]);

/** A body as text. */
interface BodyText {
  /** Without a byte order mark; empty where it cannot be inflated. */
  readonly text: string;
  /** In one sentence why the text is not what was sent; empty where it is. */
  readonly gap: string;
}

/**
 * Reads a body as a function does, but for one that is not as it should be.
 *
 * @param contentEncoding the header, if there was one
 */
export function readBody(body: Buffer, contentEncoding: string | undefined): BodyText {
  let bytes = body;
  try {
    const inflater = findInflater(contentEncoding);
    if (inflater) bytes = inflaters.get(inflater.name)?.(body) ?? body;
  } catch {
    return { text: "", gap: `It is ${body.length} bytes of ${contentEncoding}, which cannot be inflated here.` };
  }
  // A decoder of text skips the byte order mark.
  const text = new TextDecoder().decode(bytes);
  return { text, gap: isUtf8(bytes) ? "" : "It is not UTF-8: each � stands for bytes that are none." };
}

/** These speak of one connection, not of the message (RFC 9110, section 7.6.1). */
const connectionHeaders = new Set(["connection", "keep-alive", "proxy-connection"]);

/** Where a request goes. */
export interface Destination {
  /** On 127.0.0.1. */
  readonly port: number;
  /** As in a request line: path and query. */
  readonly path: string;
  readonly agent: Agent;
}

/** Who waits for an answer. */
export interface Caller {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Tells the caller to send its body; only where it waits for that (`Expect: 100-continue`). */
  goOn?: (() => void) | undefined;
  /** The status of its answer, whatever that is. */
  status?: number;
}

/** Has the caller send its body, unless it does so already. */
export function goOn(caller: Caller): void {
  caller.goOn?.();
  caller.goOn = undefined;
}

/** Sees a request's body pass. */
export interface BodyObserver {
  take(chunk: Buffer): void;
  /** No more of it will pass. */
  endBody(): void;
}

/**
 * Sends a request on and its answer back, both untouched: status, headers in their order, bodies as streams.
 *
 * @param read what was taken from the request's body already, which the observer has seen
 * @returns once the answer is under way or the caller has gone
 * @throws Error when no answer comes
 */
export function forward(
  caller: Caller,
  { port, path, agent }: Destination,
  observer: BodyObserver | undefined,
  read: readonly Buffer[] = [],
): Promise<void> {
  const { request, response, status } = caller;
  return new Promise((resolve, reject) => {
    const { method = "GET" } = request;
    const headers = withoutConnection(request.rawHeaders);
    // Left to itself, Node would make a POST without any body one with a chunked body of no bytes.
    const hasBody = "content-length" in request.headers || "transfer-encoding" in request.headers;
    if (!hasBody && method !== "GET" && method !== "HEAD") headers.push("Content-Length", "0");
    const onward = openRequest({ host: "127.0.0.1", port, method, path, headers, agent });
    onward.once("response", (answer) => {
      const message = status === undefined ? answer.statusMessage : undefined;
      response.writeHead(status ?? answer.statusCode ?? 502, message, withoutConnection(answer.rawHeaders));
      answer.pipe(response);
      answer.once("error", () => response.destroy());
      answer.once("end", () => {
        if (request.readableEnded) return;
        // An early answer: nobody wants the rest, but the caller has to be able to send it.
        request.unpipe(onward);
        onward.destroy();
        request.resume();
      });
      resolve();
    });
    onward.on("error", (error) => (response.destroyed ? resolve() : reject(error)));
    response.once("close", () => {
      if (!response.writableFinished) onward.destroy();
    });
    for (const chunk of read) onward.write(chunk);
    if (request.readableEnded) {
      observer?.endBody();
      onward.end();
      return;
    }
    const pipe = () => {
      goOn(caller);
      request.on("data", (chunk) => observer?.take(chunk)).once("end", () => observer?.endBody());
      request.pipe(onward);
    };
    if (!caller.goOn) return pipe();
    // The function says whether it wants the body.
    onward.once("continue", pipe).flushHeaders();
  });
}

/** @param rawHeaders names and values in turn */
function withoutConnection(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, index) => !connectionHeaders.has(rawHeaders[index - (index % 2)]?.toLowerCase() ?? ""));
}
