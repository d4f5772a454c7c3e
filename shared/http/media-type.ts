import { MIMEType } from "node:util";
import { Problem } from "./problem.ts";

/** What came is repeated in an answer up to here. */
export const LONGEST_ECHO = 100;

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
 * @param takesLines whether JSON with an event on each line is taken, too
 * @returns the media type, lower case, without parameters
 * @throws {Problem} unsupported_media_type
 */
export function readMediaType(contentType: string | undefined, takesLines: boolean): string {
  const { essence, charset } = parse(contentType ?? "");
  if (!isJsonMediaType(essence) && !(takesLines && isNdjsonMediaType(essence))) {
    const came = (essence || contentType)?.slice(0, LONGEST_ECHO);
    const sent = came ? `Content-Type ${came} is not taken here` : "There is no Content-Type";
    const hint = isNdjsonMediaType(essence) ? ", or NDJSON to /events/batch" : "";
    throw unsupported(`${sent}; send application/json${takesLines ? " or application/x-ndjson" : hint}.`, takesLines);
  }
  if (/^utf-?8$/i.test(charset)) return essence;
  throw unsupported(`The charset ${charset.slice(0, LONGEST_ECHO)} is not taken; it must be utf-8.`, takesLines);
}

function unsupported(detail: string, takesLines: boolean): Problem {
  const Accept = takesLines ? "application/json, application/x-ndjson" : "application/json";
  return new Problem("unsupported_media_type", detail, { headers: { Accept } });
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
