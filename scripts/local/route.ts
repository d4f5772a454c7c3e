import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";

/** More than a function takes, so that a body that is read to here is refused wherever it goes. */
export const MAX_PEEKED_BYTES = 11 * 1024 * 1024;

type Inflate = (body: Buffer, options: { maxOutputLength: number }) => Buffer;

const inflaters = new Map<string, Inflate>([
  ["identity", (body) => body],
  ["gzip", gunzipSync],
  ["x-gzip", gunzipSync],
  ["deflate", inflateSync],
  ["br", brotliDecompressSync],
]);

/**
 * Looks into a body for the type of its event, of a batch that of the first.
 *
 * @param body as sent: one JSON object, an array of them, or one a line
 * @param contentEncoding the header, if there was one
 * @returns undefined for whatever has no readable `event_type`: the function that gets it says what is wrong
 */
export function peekEventType(body: Buffer, contentEncoding = "identity"): string | undefined {
  try {
    const inflate = inflaters.get(contentEncoding.trim().toLowerCase());
    const text = inflate?.(body, { maxOutputLength: MAX_PEEKED_BYTES }).toString() ?? "";
    const value = parseFirst(text);
    const event: unknown = Array.isArray(value) ? value[0] : value;
    if (typeof event !== "object" || event === null || !("event_type" in event)) return undefined;
    return typeof event.event_type === "string" ? event.event_type : undefined;
  } catch {
    return undefined;
  }
}

function parseFirst(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return JSON.parse(text.trimStart().split("\n", 1)[0] ?? "");
  }
}
