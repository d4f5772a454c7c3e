import type { ClientHttp2Session, IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { constants } from "node:http2";
import { PREFIX_BYTES } from "./codec.ts";
import { Cancelled, type Sending } from "./sending.ts";
import { CallError, Status, toHttpError, toStatusError } from "./status.ts";

/**
 * Makes one unary gRPC call on an HTTP/2 session. It has no deadline of its own: whoever waits cancels it.
 *
 * @param headers of the request with all that gRPC asks for, as names and values in turn where Node takes that: it makes no
 *   copy of an array that has the pseudo-headers `:scheme` and `:authority` too
 * @param message the request's message with its length prefix
 * @returns the answer's message, without its prefix
 * @throws {CallError} with the server's status; INTERNAL when the answer is not one, UNAVAILABLE when there was none
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export function callUnary(
  session: ClientHttp2Session,
  headers: readonly string[] | OutgoingHttpHeaders,
  message: Buffer,
  sending: Sending,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // Without `grpc-timeout`: a server learns that nobody waits when the stream is reset.
    const stream = request(session, headers);
    const chunks: Buffer[] = [];
    let httpStatus: number | undefined;
    let hasEnded = false;

    const end = (error?: Error) => {
      if (hasEnded) return;
      hasEnded = true;
      if (error) reject(error);
      else resolveWithMessage();
    };
    const endWithFields = (fields: IncomingHttpHeaders) => {
      const status = fields["grpc-status"];
      const isHttpError = status === undefined && httpStatus !== undefined && httpStatus !== 200;
      end(isHttpError ? toHttpError(httpStatus as number) : toStatusError(status, decodeDetails(fields)));
      // A server may answer before it has read the request. Without this the rest of it would still be sent.
      if (!stream.writableFinished) stream.close(constants.NGHTTP2_CANCEL);
    };
    const resolveWithMessage = () => {
      const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
      const isWhole = body.length >= PREFIX_BYTES && body.readUInt32BE(1) === body.length - PREFIX_BYTES;
      // We never say that we take compressed messages.
      if (isWhole && body[0] === 0) resolve(body.subarray(PREFIX_BYTES));
      else reject(new CallError(Status.INTERNAL, "The answer is not one uncompressed message", true));
    };
    sending.onCancel(() => {
      end(new Cancelled());
      stream.close(constants.NGHTTP2_CANCEL);
    });

    stream.on("response", (answer, flags) => {
      httpStatus = answer[":status"];
      // An answer of headers alone ("Trailers-Only"). A status in headers that do not end the stream is not yet one.
      if (flags & constants.NGHTTP2_FLAG_END_STREAM) endWithFields(answer);
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("trailers", endWithFields);
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

/** A session that has just ended throws; that is a lost connection like any other. */
function request(session: ClientHttp2Session, headers: readonly string[] | OutgoingHttpHeaders) {
  try {
    return session.request(headers);
  } catch (error) {
    throw new CallError(Status.UNAVAILABLE, (error as Error).message);
  }
}

function decodeDetails(fields: IncomingHttpHeaders): string {
  const details = String(fields["grpc-message"] ?? "");
  try {
    return decodeURIComponent(details);
  } catch {
    return details;
  }
}

function toErrorWithoutStatus(httpStatus: number | undefined, rstCode: number | undefined): CallError {
  if (httpStatus !== undefined && httpStatus !== 200) return toHttpError(httpStatus);
  if (rstCode === constants.NGHTTP2_NO_ERROR) return new CallError(Status.INTERNAL, "The answer has no status");
  return new CallError(Status.UNAVAILABLE, `The stream was reset with code ${rstCode}`);
}
