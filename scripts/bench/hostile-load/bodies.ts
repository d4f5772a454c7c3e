import { randomBytes } from "node:crypto";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { domains } from "../../../shared/events/registry.ts";

const MIB = 1024 * 1024;
const PIECE_BYTES = 64 * 1024;
const CRLF = Buffer.from("\r\n");
const { sample } = domains.commerce.events["order.placed"];

/** A request's body, and what its headers say of it. */
export interface RequestBody {
  readonly path: string;
  readonly encoding?: string;
  /** Bytes of a chunk, where it is sent in chunks. */
  readonly chunkBytes?: number;
  /** Not joined, so that the bodies of a case share what they have in common. */
  readonly parts: readonly Buffer[];
}

/** A string of so many bytes that compress well. */
const monotone = (bytes: number) => Buffer.alloc(bytes, "a");

/** A string of so many bytes that hardly compress: hex digits would to half. */
function noise(bytes: number): Buffer {
  const random = randomBytes(bytes);
  // Printable characters without the quote and the backslash.
  return random.map((byte) => 0x23 + (byte % 0x39)) as Buffer;
}

/** An order of the given user whose payload is a string. */
function toEvent(user: string, filler: Buffer): Buffer[] {
  const [head = "", tail = ""] = JSON.stringify({ ...sample, user_id: user, payload: { note: "#" } }).split("#");
  return [Buffer.from(head), filler, Buffer.from(tail)];
}

/** @returns for each number a different user's event of 8.9 MiB, or of the size given */
export function events(bytes = 8.9 * MIB): (i: number) => RequestBody {
  const filler = monotone(bytes);
  return (i) => ({ path: "/", parts: toEvent(`user-${i}`, filler) });
}

/** @param chunkBytes of each chunk: a parser hands over each by itself */
export function chunkedEvents(bytes = 8.9 * MIB, chunkBytes = PIECE_BYTES): (i: number) => RequestBody {
  const toBody = events(bytes);
  return (i) => ({ ...toBody(i), chunkBytes });
}

/** Each part is a gzip member, so that the large one is made once. */
export function gzipEvents(kind: "monotone" | "noise"): (i: number) => RequestBody {
  const filler = gzipSync(kind === "noise" ? noise(8.9 * MIB) : monotone(8.9 * MIB), { level: 1 });
  return (i) => {
    const [head, , tail] = toEvent(`user-${i}`, monotone(0)) as [Buffer, Buffer, Buffer];
    return { path: "/", encoding: "gzip", parts: [gzipSync(head), filler, gzipSync(tail)] };
  };
}

/** About 100 bytes that say they need the largest window. */
export function brotliEvents(): () => RequestBody {
  const params = { [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_QUALITY]: 5 };
  const body = brotliCompressSync(Buffer.concat(toEvent("user", monotone(8.9 * MIB))), { params });
  return () => ({ path: "/", encoding: "br", parts: [body] });
}

/** Batches of 1,000 events that have the given size together. */
export function gzipBatches(): (i: number) => RequestBody {
  const filler = monotone(9.9 * 1024);
  return (i) => {
    const lines = Array.from({ length: 1000 }, (_, n) => [
      ...toEvent(`user-${i}-${n % 10}`, filler),
      Buffer.from("\n"),
    ]);
    return { path: "/events/batch", encoding: "gzip", parts: [gzipSync(Buffer.concat(lines.flat()), { level: 1 })] };
  };
}

/** One of the 1,000 events is valid. */
export function batchesOfOneValid(): (i: number) => RequestBody {
  const bad = Buffer.concat([
    Buffer.from('{"event_type":"order.placed","x":"'),
    monotone(9.9 * 1024),
    Buffer.from('"}\n'),
  ]);
  const all = Buffer.concat(Array.from({ length: 999 }, () => bad));
  return (i) => ({ path: "/events/batch", parts: [...toEvent(`user-${i}`, monotone(10)), Buffer.from("\n"), all] });
}

/** A small body whose answer has 1,000 entries. */
export function batchesOfNothing(): () => RequestBody {
  const body = gzipSync(Buffer.from("{}\n".repeat(1000)));
  return () => ({ path: "/events/batch", encoding: "gzip", parts: [body] });
}

/** Events as users' browsers send them. */
export function smallEvents(): (i: number) => RequestBody {
  return (i) => ({ path: "/", parts: toEvent(`small-${i}`, monotone(100)) });
}

/** Writes a request, in pieces. */
export function* toPieces({ path, encoding, chunkBytes, parts }: RequestBody): Generator<Buffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const type = path === "/events/batch" ? "application/x-ndjson" : "application/json";
  const headers = [
    `Content-Type: ${type}`,
    ...(encoding === undefined ? [] : [`Content-Encoding: ${encoding}`]),
    chunkBytes === undefined ? `Content-Length: ${length}` : "Transfer-Encoding: chunked",
  ];
  yield Buffer.from(`POST ${path} HTTP/1.1\r\nHost: a\r\n${headers.join("\r\n")}\r\n\r\n`);
  for (const part of parts) {
    for (const piece of cut(part, PIECE_BYTES)) yield chunkBytes === undefined ? piece : toChunks(piece, chunkBytes);
  }
  if (chunkBytes !== undefined) yield Buffer.from("0\r\n\r\n");
}

function toChunks(bytes: Buffer, size: number): Buffer {
  const chunks = [...cut(bytes, size)].flatMap((chunk) => [
    Buffer.from(`${chunk.length.toString(16)}\r\n`),
    chunk,
    CRLF,
  ]);
  return Buffer.concat(chunks);
}

function* cut(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
