import type { IncomingMessage } from "node:http";
import { Problem } from "./problem.ts";

/** A host and perhaps a port: nothing that would end the authority of a URL. */
const HOST = /^[^\s/?#@\\,]*$/;

/**
 * Refuses what HTTP/1.1 has a server refuse (RFC 9112, 3.2 and 6.1): a proxy before us might follow another `Host` than we do, or
 * see another end of the body. Node reads the chunks of `gzip, chunked`, and hands over what is still gzip.
 *
 * @throws {Problem} malformed_request
 */
export function checkHead({ headers, httpVersion, rawHeaders }: IncomingMessage): void {
  const { host, "transfer-encoding": coding } = headers;
  if (coding !== undefined && coding.toLowerCase() !== "chunked") {
    throw new Problem("malformed_request", "The Transfer-Encoding is not chunked alone.");
  }
  if (host === undefined && httpVersion === "1.1") {
    throw new Problem("malformed_request", "The request has no Host header.");
  }
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === 4 && name.toLowerCase() === "host") count++;
  }
  if (count > 1) throw new Problem("malformed_request", "The request has more than one Host header.");
  if (!HOST.test(host ?? "")) throw new Problem("malformed_request", "The Host header is not a host.");
}

/**
 * @param target as in the request line; in absolute form (`http://host/path`) too, as a client sends it to a proxy
 * @returns the path, without the query
 */
export function readPath(target = ""): string {
  const path = target.startsWith("/") ? target : target.replace(/^https?:\/\/[^/?#]*/i, "");
  const end = path.search(/[?#]/);
  const found = end === -1 ? path : path.slice(0, end);
  return found === "" && path !== target ? "/" : found;
}
