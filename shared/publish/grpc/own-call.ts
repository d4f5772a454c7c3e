import type { Client, Metadata, ServiceError } from "@grpc/grpc-js";
import { PREFIX_BYTES, PUBLISH_METHOD } from "./codec.ts";
import { Cancelled, type Sending } from "./sending.ts";
import { CallError, Status, toHttpError, toStatusError } from "./status.ts";

/** What grpc-js says where it took the answer for none, under codes that from a server would be final. */
const NO_ANSWER =
  /^(?:No message received|Too many responses|Received (?:compressed )?message|Protocol not secure enough)/;

/**
 * Makes the same call as `callUnary` by the client's own means, at twice its cost, where its session is not to be found.
 *
 * @param message the request's message with its length prefix
 * @throws {CallError} as `callUnary`. Two differences are left: grpc-js takes an empty `grpc-status` for OK, and never ends a
 *   call that is answered with two messages
 */
export function callByClient(stub: Client, metadata: Metadata, message: Buffer, sending: Sending): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const call = stub.makeUnaryRequest(
      PUBLISH_METHOD,
      (bytes: Buffer) => bytes.subarray(PREFIX_BYTES),
      (bytes) => bytes,
      message,
      metadata,
      {},
      (error, answer) => (answer ? resolve(answer) : reject(toCallError(error))),
    );
    sending.onCancel(() => {
      reject(new Cancelled());
      call.cancel();
    });
  });
}

function toCallError(error: ServiceError | null): CallError {
  const details = error?.details ?? "";
  const httpStatus = /^Received HTTP status code (\d+)$/.exec(details)?.[1];
  // Without a status of its own grpc-js makes an error of HTTP's, 200 too.
  if (httpStatus !== undefined && httpStatus !== "200") return toHttpError(Number(httpStatus));
  if (typeof error?.code !== "number" || httpStatus !== undefined || NO_ANSWER.test(details)) {
    return new CallError(Status.INTERNAL, `The answer is not one: ${details}`, true);
  }
  if (error.code === Status.UNAVAILABLE) return new CallError(Status.UNAVAILABLE, details);
  return toStatusError(String(error.code), details) ?? new CallError(Status.INTERNAL, details, true);
}
