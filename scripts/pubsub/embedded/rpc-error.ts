import { type handleUnaryCall, Metadata, type ServiceError, status } from "@grpc/grpc-js";

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

/** A failure that grpc-js sends to the caller as it is: status code and details. */
export class RpcError extends Error implements ServiceError {
  readonly code: status;
  readonly details: string;
  readonly metadata = new Metadata();

  constructor(code: status, details: string) {
    super(details);
    this.name = "RpcError";
    this.code = code;
    this.details = details;
  }
}

/** NOT_FOUND in the real service's words, which name only the last part of the resource's name. */
export function notFound(resource: string): RpcError {
  return new RpcError(status.NOT_FOUND, `Resource not found (resource=${toId(resource)}).`);
}

/** ALREADY_EXISTS in the real service's words. */
export function alreadyExists(resource: string): RpcError {
  return new RpcError(status.ALREADY_EXISTS, `Resource already exists in the project (resource=${toId(resource)}).`);
}

export function invalidArgument(details: string): RpcError {
  return new RpcError(status.INVALID_ARGUMENT, details);
}

/** The last part of a resource's name. */
export function toId(resource: string): string {
  return resource.slice(resource.lastIndexOf("/") + 1);
}
