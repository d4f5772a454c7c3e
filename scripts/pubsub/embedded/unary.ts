import { type handleUnaryCall, status } from "@grpc/grpc-js";
import { RpcError } from "./rpc-error.ts";

/** Makes a gRPC handler of a plain function; an RpcError that it throws is the answer. */
export function unary<Request, Response>(respond: (request: Request) => Response): handleUnaryCall<Request, Response> {
  return ({ request }, callback) => {
    let response: Response;
    try {
      response = respond(request);
    } catch (error) {
      callback(toRpcError(error));
      return;
    }
    callback(null, response);
  };
}

/** What the caller hears about a thrown error. */
export function toRpcError(error: unknown): RpcError {
  return error instanceof RpcError ? error : new RpcError(status.INTERNAL, String(error));
}
