import { type handleUnaryCall, type sendUnaryData, status } from "@grpc/grpc-js";
import { RpcError } from "./rpc-error.ts";

/** Makes a gRPC handler of a plain function; an RpcError that it throws is the answer. */
export function unary<Request, Response>(respond: (request: Request) => Response): handleUnaryCall<Request, Response> {
  return ({ request }, callback) => answer(callback, () => respond(request));
}

/** Answers a call with what `respond` returns or throws. */
export function answer<Response>(callback: sendUnaryData<Response>, respond: () => Response): void {
  let response: Response;
  try {
    response = respond();
  } catch (error) {
    callback(toRpcError(error));
    return;
  }
  callback(null, response);
}

/** What the caller hears about a thrown error. */
export function toRpcError(error: unknown): RpcError {
  return error instanceof RpcError ? error : new RpcError(status.INTERNAL, String(error));
}
