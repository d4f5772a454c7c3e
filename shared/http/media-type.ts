import { MIMEType } from "node:util";
import { Problem } from "./problem.ts";

/** The names that JSON with an event on each line goes by. */
export const NDJSON_TYPES: readonly string[] = ["application/x-ndjson", "application/ndjson", "application/jsonl"];

/** @returns whether a media type is JSON, by name or by suffix (RFC 6839) */
export function isJsonMediaType(mediaType: string): boolean {
  return mediaType === "application/json" || (mediaType.startsWith("application/") && mediaType.endsWith("+json"));
}

/** @returns whether a media type is JSON with an event on each line */
export function isNdjsonMediaType(mediaType: string): boolean {
  return NDJSON_TYPES.includes(mediaType);
}

/**
 * Reads a `Content-Type`.
 *
 * @param accepts whether a media type (lower case, without parameters) is one that this route takes
 * @returns the media type, lower case, without parameters
 * @throws {Problem} unsupported_media_type
 */
export function readMediaType(contentType: string | undefined, accepts: (mediaType: string) => boolean): string {
  const { essence, charset } = parse(contentType ?? "");
  if (!accepts(essence)) {
    throw new Problem("unsupported_media_type", "Content-Type must be a JSON media type that this route takes.");
  }
  if (!/^utf-?8$/i.test(charset)) throw new Problem("unsupported_media_type", "The charset must be utf-8.");
  return essence;
}

function parse(contentType: string): { readonly essence: string; readonly charset: string } {
  if (contentType === "application/json") return { essence: contentType, charset: "utf-8" };
  try {
    const { essence, params } = new MIMEType(contentType);
    return { essence, charset: params.get("charset") ?? "utf-8" };
  } catch {
    return { essence: "", charset: "" };
  }
}
