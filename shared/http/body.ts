import type { IncomingMessage } from "node:http";
import { findInflater } from "./inflate.ts";
import { isNdjsonMediaType, readMediaType } from "./media-type.ts";
import { Problem } from "./problem.ts";
import { receive, tooLarge } from "./receive.ts";
import type { Lease } from "./room.ts";

/** A request. functions-framework leaves a `rawBody` where its parsers ran first. */
export type BodyRequest = IncomingMessage & { readonly rawBody?: Buffer };

/** What a route takes. */
export interface BodyRules {
  /** Bytes, as sent and as inflated. */
  readonly limit: number;
  /** Whether JSON with an event on each line is taken, too. */
  readonly takesLines: boolean;
}

/** A request's body. */
export interface Body {
  /** Inflated, without a byte order mark; at least one. */
  readonly bytes: Buffer;
  /** Whether it is JSON with an event on each line. */
  readonly isLines: boolean;
}

/**
 * Reads a request's JSON body as bytes, never more of it than the lease has room for.
 *
 * @throws {Problem} unsupported_media_type, payload_too_large, malformed_json, malformed_request, request_timeout,
 *   overloaded, shutting_down
 */
export async function readBody(request: BodyRequest, lease: Lease, rules: BodyRules): Promise<Body> {
  const { mediaType, inflater } = readHead(request, rules);
  const received = request.rawBody ?? (await receive(request, { lease, limit: rules.limit, inflater }));
  const start = skipByteOrderMark(received, 0);
  const bytes = start === 0 ? received : received.subarray(start);
  if (bytes.length === 0) throw emptyBody();
  return { bytes, isLines: isNdjsonMediaType(mediaType) };
}

/**
 * Reads what is said of a body before it comes: what is refused for it, the client need not send.
 *
 * @throws {Problem} unsupported_media_type, payload_too_large, malformed_json where there is no body
 */
export function readHead({ headers }: IncomingMessage, { limit, takesLines }: BodyRules) {
  const length = Number(headers["content-length"] ?? 0);
  const hasBody = headers["transfer-encoding"] !== undefined || length > 0;
  if (!hasBody && headers["content-type"] === undefined) throw emptyBody();
  const mediaType = readMediaType(headers["content-type"], takesLines);
  const inflater = findInflater(headers["content-encoding"]);
  if (!hasBody) throw emptyBody();
  if (length > limit) throw tooLarge(limit);
  return { mediaType, inflater };
}

/** @returns where the text begins that starts at `at`: behind UTF-8's byte order mark, which Windows tools put before a file */
export function skipByteOrderMark(bytes: Buffer, at: number): number {
  return bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf ? at + 3 : at;
}

function emptyBody(): Problem {
  return new Problem("malformed_json", "The body is empty; malformed JSON at position 0.");
}
