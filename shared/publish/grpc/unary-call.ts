import type { ClientHttp2Session, IncomingHttpHeaders } from "node:http2";
import { constants } from "node:http2";
import { PREFIX_BYTES } from "./codec.ts";
import { Status } from "./status.ts";

/** A call that ended with another status than OK. */
class CallError extends Error {
  /** See `status.ts`. */
  readonly code: number;
  constructor(code: number, details: string) {
    super(`gRPC status ${code}: ${details}`);
    this.name = "CallError";
    this.code = code;
  }
}

/**
 * Makes one unary gRPC call on an HTTP/2 session.
 *
 * @param headers of the request, names and values in turn, with all that gRPC asks for: Node makes no copy of an array that
 *   has the pseudo-headers `:scheme` and `:authority` as well
 * @param message the request's message with its length prefix
 * @param deadline milliseconds since the epoch; the call is cancelled then
 * @returns the answer's message, without its prefix
 * @throws {CallError} with the server's status; UNAVAILABLE when the stream or the connection ended without one
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export function callUnary(
  session: ClientHttp2Session,
  headers: readonly string[],
  message: Buffer,
  deadline: number,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // Without `grpc-timeout`: a server learns of the deadline when the stream is reset.
    const stream = session.request(headers);
    const chunks: Buffer[] = [];
    let httpStatus: number | undefined;
    let hasEnded = false;

    const end = (error?: CallError) => {
      if (hasEnded) return;
      hasEnded = true;
      clearTimeout(timer);
      if (error) reject(error);
      else resolveWithMessage();
    };
    const endWithStatus = (fields: IncomingHttpHeaders) => {
      end(toError(fields));
      // A server may answer before it has read the request. Without this the rest of it would still be sent.
      if (!stream.writableFinished) stream.close(constants.NGHTTP2_CANCEL);
    };
    const resolveWithMessage = () => {
      const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
      const isWhole = body.length >= PREFIX_BYTES && body.readUInt32BE(1) === body.length - PREFIX_BYTES;
      // We never say that we take compressed messages.
      if (isWhole && body[0] === 0) resolve(body.subarray(PREFIX_BYTES));
      else reject(new CallError(Status.INTERNAL, "The answer is not one uncompressed message"));
    };
    const expire = () => {
      end(new CallError(Status.DEADLINE_EXCEEDED, "Deadline exceeded"));
      stream.close(constants.NGHTTP2_CANCEL);
    };
    const timer = setTimeout(expire, Math.max(0, deadline - Date.now()));

    stream.on("response", (answer) => {
      httpStatus = answer[":status"];
      // An answer of headers alone ("Trailers-Only").
      if (answer["grpc-status"] !== undefined) endWithStatus(answer);
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("trailers", endWithStatus);
    stream.on("error", (error) => end(new CallError(Status.UNAVAILABLE, error.message)));
    stream.on("close", () => {
      if (!hasEnded) end(toErrorWithoutStatus(httpStatus, stream.rstCode));
      // V8 keeps every stream until its next major collection, as Node makes a stream's `onwrite` by assigning a function
      // literal to a property, which is allocated in the old generation. Without our listeners it keeps a third less.
      stream.removeAllListeners();
    });
    stream.end(message);
  });
}

function toError(trailers: IncomingHttpHeaders): CallError | undefined {
  const code = Number(trailers["grpc-status"] ?? Status.UNKNOWN);
  if (code === Status.OK) return undefined;
  return new CallError(code, decodeDetails(String(trailers["grpc-message"] ?? "")));
}

function decodeDetails(details: string): string {
  try {
    return decodeURIComponent(details);
  } catch {
    return details;
  }
}

/** @see https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md */
const statusOfHttp: Readonly<Record<number, number>> = {
  400: Status.INTERNAL,
  401: Status.UNAUTHENTICATED,
  403: Status.PERMISSION_DENIED,
  404: Status.UNIMPLEMENTED,
  429: Status.UNAVAILABLE,
  502: Status.UNAVAILABLE,
  503: Status.UNAVAILABLE,
  504: Status.UNAVAILABLE,
};

function toErrorWithoutStatus(httpStatus: number | undefined, rstCode: number | undefined): CallError {
  if (httpStatus !== undefined && httpStatus !== 200) {
    return new CallError(statusOfHttp[httpStatus] ?? Status.UNKNOWN, `HTTP status ${httpStatus}`);
  }
  return new CallError(Status.UNAVAILABLE, `The stream ended without a status (code ${rstCode})`);
}
