import type { IncomingMessage } from "node:http";
import { findInflater } from "./inflate.ts";
import { readMediaType } from "./media-type.ts";
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
export interface ReceivedBody {
  /** Inflated, without a byte order mark; at least one. */
  readonly bytes: Buffer;
  /** Lower case, without parameters. */
  readonly mediaType: string;
}

/**
 * Reads a request's JSON body as bytes, never more of it than the lease has room for.
 *
 * @throws {Problem} unsupported_media_type, payload_too_large, malformed_json, malformed_request, request_timeout,
 *   overloaded, shutting_down
 */
export function readBody(request: BodyRequest, lease: Lease, rules: BodyRules): Promise<ReceivedBody> {
  const { mediaType, inflater } = readHead(request, rules);
  const toResult = (received: Buffer): ReceivedBody => {
    const bytes = skipByteOrderMark(received);
    if (bytes.length === 0) throw emptyBody();
    return { bytes, mediaType };
  };
  if (request.rawBody) return Promise.resolve(toResult(request.rawBody));
  return receive(request, { lease, limit: rules.limit, inflater, toResult });
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

/** @returns the bytes behind a UTF-8 byte order mark, where they begin with one */
export function skipByteOrderMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

function emptyBody(): Problem {
  return new Problem("malformed_json", "The body is empty; malformed JSON at position 0.");
}
