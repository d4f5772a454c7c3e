import type { Server } from "node:http";
import type { Duplex } from "node:stream";
import { Problem, type ProblemCode } from "./problem.ts";

const codes: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  HPE_HEADER_OVERFLOW: ["headers_too_large", "The request's headers are too large."],
  ERR_HTTP_REQUEST_TIMEOUT: ["request_timeout", "The request did not arrive in time."],
};

/**
 * Answers what never becomes a request (bytes that are not HTTP, headers that are too large or too slow) with problem
 * details as well: Node's own answer has no body.
 */
export function answerClientErrors(server: Server): void {
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (!socket.writable || error.code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    const [code, detail] = codes[error.code ?? ""] ?? ["malformed_request", "The request is not well-formed HTTP."];
    const problem = new Problem(code, detail);
    const body = JSON.stringify(problem.toProblemDetails());
    socket.end(
      `HTTP/1.1 ${problem.status} ${problem.toProblemDetails().title}\r\nContent-Type: application/problem+json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n` +
        `Connection: close\r\n\r\n${body}`,
    );
  });
}
