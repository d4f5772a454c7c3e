import type { Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { LONGEST_ECHO } from "./media-type.ts";
import { Problem } from "./problem.ts";

/** Its `bytesWritten` counts what it has made use of. */
export type InflateStream = Transform & { readonly bytesWritten: number };

/** What a body is inflated by. */
export interface Inflater {
  /** In the words of `Content-Encoding`. */
  readonly name: string;
  /** What to say to whoever sends something else by this name. */
  readonly hint?: string;
  /** Memory that the decoder takes before the body's first byte, by what the sender says: nothing to speak of, or this. */
  readonly windowBytes: number;
  open(): InflateStream;
}

const ZLIB_WANTED = "; the zlib format is wanted (RFC 1950), not raw deflate";

/** Output comes in pieces of this size; one is made before the body's first byte. */
const CHUNK = { chunkSize: 32 * 1024 };

const gzip: Inflater = { name: "gzip", windowBytes: 0, open: () => createGunzip(CHUNK) };

const inflaters = new Map<string, Inflater>([
  ["gzip", gzip],
  ["x-gzip", gzip],
  ["deflate", { name: "deflate", hint: ZLIB_WANTED, windowBytes: 0, open: () => createInflate(CHUNK) }],
  // 100 bytes can make the decoder allocate its largest window.
  ["br", { name: "br", windowBytes: 16 * 1024 * 1024, open: () => createBrotliDecompress(CHUNK) }],
]);

/**
 * @param contentEncoding the header: a list, whose empty members do not count
 * @returns undefined where nothing is encoded
 * @throws {Problem} unsupported_media_type
 */
export function findInflater(contentEncoding: string | undefined): Inflater | undefined {
  if (contentEncoding === undefined) return undefined;
  const members = contentEncoding.toLowerCase().split(",");
  const [encoding, ...more] = members.map((name) => name.trim()).filter((name) => name !== "" && name !== "identity");
  if (encoding === undefined) return undefined;
  const inflater = inflaters.get(encoding);
  if (inflater && more.length === 0) return inflater;
  const detail = `Content-Encoding ${contentEncoding.slice(0, LONGEST_ECHO)} is not taken; it must be gzip, deflate or br.`;
  throw new Problem("unsupported_media_type", detail, { headers: { "Accept-Encoding": "gzip, deflate, br" } });
}
