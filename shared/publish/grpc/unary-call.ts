import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { constants } from "node:http2";
import { PREFIX_BYTES } from "./codec.ts";
import { Cancelled, type Sending } from "./sending.ts";
import { CallError, Status, toHttpError, toStatusError } from "./status.ts";

/**
 * Makes one unary gRPC call on an HTTP/2 session. It has no deadline of its own: whoever waits cancels it.
 *
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

/** A call that has not ended. */
interface Call {
  readonly chunks: Buffer[];
  httpStatus: number | undefined;
  resolve(chunks: readonly Buffer[]): void;
  reject(error: Error): void;
}

const CALL = Symbol("call");

type CallStream = ClientHttp2Stream & { [CALL]?: Call | undefined };

/**
 * Waits for the end of a call; the first end counts. V8 keeps every stream until its next major collection, as Node makes a
 * stream's `onwrite` by assigning a function literal to a property, which is allocated in the old generation. So a stream lets
 * go of its call at the end, and its listeners hold nothing: to take them off would cost 5 % of the CPU of an event.
 */
function waitForAnswer(stream: CallStream, sending: Sending): Promise<readonly Buffer[]> {
  return new Promise((resolve, reject) => {
    stream[CALL] = { chunks: [], httpStatus: undefined, resolve, reject };
    sending.onCancel(() => {
      settle(stream, new Cancelled());
      stream.close(constants.NGHTTP2_CANCEL);
    });
    stream.on("response", onResponse).on("data", onData).on("trailers", onTrailers).on("error", onError);
    stream.on("close", onClose);
  });
}

function settle(stream: CallStream, error: Error | undefined): void {
  const call = stream[CALL];
  stream[CALL] = undefined;
  if (error) call?.reject(error);
  else call?.resolve(call.chunks);
}

function onResponse(this: CallStream, answer: IncomingHttpHeaders & { ":status"?: number }, flags: number): void {
  if (this[CALL]) this[CALL].httpStatus = answer[":status"];
  // An answer of headers alone ("Trailers-Only"). A status in headers that do not end the stream is not yet one.
  if (flags & constants.NGHTTP2_FLAG_END_STREAM) onTrailers.call(this, answer);
}

function onData(this: CallStream, chunk: Buffer): void {
  this[CALL]?.chunks.push(chunk);
}

function onTrailers(this: CallStream, fields: IncomingHttpHeaders): void {
  const status = fields["grpc-status"];
  const httpError = status === undefined ? toHttpError(this[CALL]?.httpStatus) : undefined;
  settle(this, httpError ?? toStatusError(status, fields["grpc-message"]));
  // A server may answer before it has read the request. Without this the rest of it would still be sent.
  if (!this.writableFinished) this.close(constants.NGHTTP2_CANCEL);
}

function onError(this: CallStream, error: Error): void {
  settle(this, new CallError(Status.UNAVAILABLE, error.message));
}

function onClose(this: CallStream): void {
  // Every call closes: an error, which captures a stack, is made only of one that has no answer.
  if (!this[CALL]) return;
  const text = `The stream ended without a status, with code ${this.rstCode}`;
  settle(this, toHttpError(this[CALL].httpStatus) ?? new CallError(Status.UNAVAILABLE, text));
}

/** @throws {CallError} INTERNAL */
function readMessage(chunks: readonly Buffer[]): Buffer {
  const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  const isWhole = body.length >= PREFIX_BYTES && body.readUInt32BE(1) === body.length - PREFIX_BYTES;
  // We never say that we take compressed messages.
  if (isWhole && body[0] === 0) return body.subarray(PREFIX_BYTES);
  throw new CallError(Status.INTERNAL, "The answer is not one uncompressed message", true);
}
