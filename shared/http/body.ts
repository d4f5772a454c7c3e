import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate } from "node:zlib";
import { Problem } from "./problem.ts";

/** A caller on a data centre's network sends 10 MiB in under a second; one that takes this long is stuck or hostile. */
const BODY_TIMEOUT_MS = 10_000;

type Inflate = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const inflaters = new Map<string, Inflate>([
  ["gzip", promisify(gunzip) as Inflate],
  ["x-gzip", promisify(gunzip) as Inflate],
  ["deflate", promisify(inflate) as Inflate],
  ["br", promisify(brotliDecompress) as Inflate],
]);

/** What is read from a request besides its stream: functions-framework leaves a `rawBody` where its parsers ran first. */
export type BodyRequest = IncomingMessage & { readonly rawBody?: Buffer };

/**
 * Reads a request's JSON body as bytes, inflated, without ever holding more than the limit.
 *
 * @param limit in bytes, for the body as sent and as inflated
 * @param isAccepted whether a media type (lower case, without parameters) is one that this route takes
 * @returns what was sent, inflated; not empty
 * @throws {Problem} unsupported_media_type, payload_too_large, malformed_json, request_timeout
 */
export async function readBody(
  request: BodyRequest,
  limit: number,
  isAccepted: (mediaType: string) => boolean,
): Promise<Buffer> {
  const { headers } = request;
  const hasBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
  if (!hasBody && headers["content-type"] === undefined) throw emptyBody();
  checkMediaType(headers["content-type"], isAccepted);
  const encoding = (headers["content-encoding"] ?? "identity").trim().toLowerCase();
  const inflater = inflaters.get(encoding);
  if (!inflater && encoding !== "identity") {
    throw new Problem("unsupported_media_type", "Content-Encoding must be one of gzip, deflate, br, identity.", {
      headers: { "Accept-Encoding": "gzip, deflate, br" },
    });
  }
  const sent = request.rawBody ?? (await receive(request, limit));
  const body = inflater && !request.rawBody ? await inflateWithin(limit, sent, inflater, encoding) : sent;
  if (body.length === 0) throw emptyBody();
  return body;
}

/** @returns whether a media type is JSON, by name or by suffix (RFC 6839) */
export function isJsonMediaType(mediaType: string): boolean {
  return mediaType === "application/json" || (mediaType.startsWith("application/") && mediaType.endsWith("+json"));
}

function checkMediaType(contentType: string | undefined, isAccepted: (mediaType: string) => boolean): void {
  const [mediaType = "", ...parameters] = (contentType ?? "").toLowerCase().split(";");
  if (!isAccepted(mediaType.trim())) {
    throw new Problem("unsupported_media_type", "Content-Type must be a JSON media type that this route takes.");
  }
  for (const parameter of parameters) {
    const [name = "", value = ""] = parameter.split("=");
    if (name.trim() === "charset" && !/^"?utf-?8"?$/.test(value.trim())) {
      throw new Problem("unsupported_media_type", "The charset must be utf-8.");
    }
  }
}

/** Collects the bytes as sent. */
function receive(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const declared = Number(request.headers["content-length"] ?? Number.NaN);
    if (declared > limit) return reject(tooLarge(limit));
    const chunks: Buffer[] = [];
    let length = 0;
    const timer = setTimeout(
      () => stop(new Problem("request_timeout", "The body did not arrive in time.")),
      BODY_TIMEOUT_MS,
    );
    const stop = (problem: Problem) => {
      clearTimeout(timer);
      request.off("data", onData).off("end", onEnd).off("close", onClose);
      // What still arrives is thrown away: a caller that is still sending reads its answer only afterwards.
      request.resume();
      reject(problem);
    };
    const onData = (chunk: Buffer) => {
      length += chunk.length;
      if (length > limit) stop(tooLarge(limit));
      else chunks.push(chunk);
    };
    const onEnd = () => {
      clearTimeout(timer);
      request.off("close", onClose);
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length));
    };
    const onClose = () => stop(new Problem("malformed_request", "The body ended before it was complete."));
    request.on("data", onData).on("end", onEnd).on("close", onClose);
    request.on("error", () => {});
  });
}

async function inflateWithin(limit: number, sent: Buffer, inflater: Inflate, encoding: string): Promise<Buffer> {
  try {
    return await inflater(sent, { maxOutputLength: limit });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(limit);
    throw new Problem("malformed_json", `The body is not valid ${encoding}.`);
  }
}

/** @param limit in bytes */
export function tooLarge(limit: number): Problem {
  return new Problem("payload_too_large", `The body must be at most ${limit} bytes, also when inflated.`);
}

function emptyBody(): Problem {
  return new Problem("malformed_json", "The body is empty; malformed JSON at position 0.");
}
