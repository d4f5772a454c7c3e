import { isUtf8 } from "node:buffer";
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
export interface BodyText {
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
