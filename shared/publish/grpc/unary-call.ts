import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { constants } from "node:http2";
import { PREFIX_BYTES } from "./codec.ts";
import { Cancelled, type Sending } from "./sending.ts";
import { CallError, Status, toHttpError, toStatusError } from "./status.ts";

/**
 * Makes one unary gRPC call on an HTTP/2 session. It has no deadline of its own: whoever waits cancels it.
 *
 * @param session that takes calls; one that has ended may throw
 * @param headers of the request with all that gRPC asks for
 * @param message the request's message with its length prefix
 * @returns the answer's message, without its prefix
 * @throws {CallError} with the server's status; INTERNAL when the answer is not one, UNAVAILABLE when there was none
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export async function callUnary(
  session: ClientHttp2Session,
  headers: readonly string[] | OutgoingHttpHeaders,
  message: Buffer,
  sending: Sending,
): Promise<Buffer> {
  const stream = session.request(headers);
  const chunks = waitForAnswer(stream, sending);
  // Without `grpc-timeout`: a server learns that nobody waits when the stream is reset.
  stream.end(message);
  return readMessage(await chunks);
}

/**
 * Waits for the end of a call; the first end counts. V8 keeps every stream until its next major collection, as Node makes a
 * stream's `onwrite` by assigning a function literal to a property, which is allocated in the old generation. So a call that
 * has ended lets go of all that its listeners hold: to take them off would cost 5 % of the CPU of an event.
 */
function waitForAnswer(stream: ClientHttp2Stream, sending: Sending): Promise<readonly Buffer[]> {
  let chunks: Buffer[] = [];
  let httpStatus: number | undefined;
  return new Promise((resolve, reject) => {
    let waiting: { resolve(chunks: readonly Buffer[]): void; reject(error: Error): void } | undefined = {
      resolve,
      reject,
    };
    const settle = (error: Error | undefined) => {
      if (error) waiting?.reject(error);
      else waiting?.resolve(chunks);
      waiting = undefined;
      chunks = [];
    };
    const endWithFields = (fields: IncomingHttpHeaders) => {
      const status = fields["grpc-status"];
      const isHttpError = status === undefined && httpStatus !== undefined && httpStatus !== 200;
      settle(isHttpError ? toHttpError(httpStatus as number) : toStatusError(status, fields["grpc-message"]));
      // A server may answer before it has read the request. Without this the rest of it would still be sent.
      if (!stream.writableFinished) stream.close(constants.NGHTTP2_CANCEL);
    };
    sending.onCancel(() => {
      settle(new Cancelled());
      stream.close(constants.NGHTTP2_CANCEL);
    });
    stream.on("response", (answer, flags) => {
      httpStatus = answer[":status"];
      // An answer of headers alone ("Trailers-Only"). A status in headers that do not end the stream is not yet one.
      if (flags & constants.NGHTTP2_FLAG_END_STREAM) endWithFields(answer);
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("trailers", endWithFields);
    stream.on("error", (error) => settle(new CallError(Status.UNAVAILABLE, error.message)));
    // Every call closes: an error, which captures a stack, is made only of one that has no answer.
    stream.on("close", () => waiting && settle(toErrorWithoutStatus(httpStatus, stream.rstCode)));
  });
}

/** @throws {CallError} INTERNAL */
function readMessage(chunks: readonly Buffer[]): Buffer {
  const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  const isWhole = body.length >= PREFIX_BYTES && body.readUInt32BE(1) === body.length - PREFIX_BYTES;
  // We never say that we take compressed messages.
  if (isWhole && body[0] === 0) return body.subarray(PREFIX_BYTES);
  throw new CallError(Status.INTERNAL, "The answer is not one uncompressed message", true);
}

function toErrorWithoutStatus(httpStatus: number | undefined, rstCode: number | undefined): CallError {
  if (httpStatus !== undefined && httpStatus !== 200) return toHttpError(httpStatus);
  return new CallError(Status.UNAVAILABLE, `The stream ended without a status, with code ${rstCode}`);
}
