import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
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
    new UnaryCall(request(session, headers), { resolve, reject }).send(message, sending);
  });
}

/** What waits for a call. */
interface Waiting {
  readonly resolve: (message: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One call on a stream of its own. V8 keeps every stream until its next major collection, as Node makes a stream's `onwrite`
 * by assigning a function literal to a property, which is allocated in the old generation. So a call that has ended lets go
 * of all that its listeners hold: to take them off would cost 5 % of the CPU of an event.
 */
class UnaryCall {
  readonly #stream: ClientHttp2Stream;
  /** Undefined once the call has ended. */
  #waiting: Waiting | undefined;
  #chunks: Buffer[] = [];
  #httpStatus: number | undefined;

  constructor(stream: ClientHttp2Stream, waiting: Waiting) {
    this.#stream = stream;
    this.#waiting = waiting;
  }

  send(message: Buffer, sending: Sending): void {
    const stream = this.#stream;
    sending.onCancel(() => {
      this.#end(new Cancelled());
      stream.close(constants.NGHTTP2_CANCEL);
    });
    stream.on("response", (answer, flags) => {
      this.#httpStatus = answer[":status"];
      // An answer of headers alone ("Trailers-Only"). A status in headers that do not end the stream is not yet one.
      if (flags & constants.NGHTTP2_FLAG_END_STREAM) this.#endWithFields(answer);
    });
    stream.on("data", (chunk: Buffer) => this.#chunks.push(chunk));
    stream.on("trailers", (fields) => this.#endWithFields(fields));
    stream.on("error", (error) => this.#end(new CallError(Status.UNAVAILABLE, error.message)));
    stream.on("close", () => {
      if (this.#waiting) this.#end(toErrorWithoutStatus(this.#httpStatus, stream.rstCode));
    });
    // Without `grpc-timeout`: a server learns that nobody waits when the stream is reset.
    stream.end(message);
  }

  #endWithFields(fields: IncomingHttpHeaders): void {
    const status = fields["grpc-status"];
    const httpStatus = status === undefined ? this.#httpStatus : undefined;
    const isHttpError = httpStatus !== undefined && httpStatus !== 200;
    this.#end(isHttpError ? toHttpError(httpStatus) : toStatusError(status, fields["grpc-message"]));
    // A server may answer before it has read the request. Without this the rest of it would still be sent.
    if (!this.#stream.writableFinished) this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  /** The first end counts. */
  #end(error: Error | undefined): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    const chunks = this.#chunks;
    this.#waiting = undefined;
    this.#chunks = [];
    if (error) {
      waiting.reject(error);
      return;
    }
    const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    const isWhole = body.length >= PREFIX_BYTES && body.readUInt32BE(1) === body.length - PREFIX_BYTES;
    // We never say that we take compressed messages.
    if (isWhole && body[0] === 0) waiting.resolve(body.subarray(PREFIX_BYTES));
    else waiting.reject(new CallError(Status.INTERNAL, "The answer is not one uncompressed message", true));
  }
}

/** A session that has just ended throws; that is a lost connection like any other. */
function request(session: ClientHttp2Session, headers: readonly string[] | OutgoingHttpHeaders) {
  try {
    return session.request(headers);
  } catch (error) {
    throw new CallError(Status.UNAVAILABLE, (error as Error).message);
  }
}

function toErrorWithoutStatus(httpStatus: number | undefined, rstCode: number | undefined): CallError {
  if (httpStatus !== undefined && httpStatus !== 200) return toHttpError(httpStatus);
  return new CallError(Status.UNAVAILABLE, `The stream ended without a status, with code ${rstCode}`);
}
