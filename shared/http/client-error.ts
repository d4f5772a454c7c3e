import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connectionOf } from "./connection.ts";
import { Problem, type ProblemCode } from "./problem.ts";
import { toMessage } from "./respond.ts";

/** How long a client may take to end a connection that we have ended. */
const LINGER_MS = 5000;

const codes: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: "headers_too_large",
  ERR_HTTP_REQUEST_TIMEOUT: "request_timeout",
};

/** Is told of what is answered without being taken; bytes that are not HTTP have no request. */
export type OnRefused = (problem: Problem, request?: IncomingMessage) => void;

/**
 * Answers what never becomes a request (bytes that are not HTTP, headers that are too large or too slow, CONNECT) with
 * problem details as well: Node's own answer has no body, or there is none.
 */
export function answerClientErrors(server: Server, onRefused: OnRefused = () => {}): void {
  const failed = new WeakSet<Duplex>();
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (failed.has(socket)) return;
    failed.add(socket);
    if (!socket.writable || error.code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    const problem = new Problem(codes[error.code ?? ""] ?? "malformed_request");
    const connection = connectionOf(socket as Socket);
    // Bytes that break a body are answered by whoever reads it. Others come behind requests that have no answer yet: ours
    // would be taken for theirs.
    connection.arriving?.lease.fail(problem);
    connection.whenIdle(() => answer(socket, problem, onRefused));
  });
  server.on("connect", (request: IncomingMessage, socket: Duplex) => {
    const headers = { Allow: "GET, HEAD, POST" };
    const problem = new Problem("method_not_allowed", "This server is no proxy: there is no CONNECT.", { headers });
    connectionOf(socket as Socket).whenIdle(() => answer(socket, problem, () => onRefused(problem, request)));
  });
}

/** Writes an answer to a connection that has no response object, and ends it. */
function answer(socket: Duplex, problem: Problem, onRefused: OnRefused): void {
  if (!socket.writable) return;
  onRefused(problem);
  const { headers, body } = toMessage(problem, true);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.on("error", () => {});
  socket.end(`HTTP/1.1 ${problem.status} ${problem.title}\r\n${lines.join("")}\r\n${body}`);
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}
