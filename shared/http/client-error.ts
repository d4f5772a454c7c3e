import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Drain } from "./drain.ts";
import { Exchange } from "./exchange.ts";
import { linger } from "./linger.ts";
import { Problem } from "./problem.ts";
import { timeLimits } from "./progress.ts";
import { renderAnswer } from "./respond.ts";

/** Is told of what is answered without being taken; bytes that are not HTTP have no request. */
export type OnRefused = (problem: Problem, request?: IncomingMessage) => void;

/**
 * Answers what never becomes a request (bytes that are not HTTP, headers that are too large or too slow, CONNECT) with
 * problem details as well: Node's own answer has no body, or there is none.
 *
 * @param drain waits for callers that are still sending
 */
export function answerClientErrors(server: Server, onRefused: OnRefused = () => {}, drain?: Drain): void {
  // Bytes that break a body are answered by whoever reads it. Others come behind requests that have no answer yet: ours would
  // be taken for theirs.
  const end = (duplex: Duplex, problem: Problem, request?: IncomingMessage) => {
    const socket = duplex as Socket;
    Exchange.endOn(socket, problem, () => {
      if (!socket.writable) return;
      onRefused(problem, request);
      answer(socket, problem);
      drain?.waitFor(socket);
    });
  };
  server.on("clientError", ({ code }: NodeJS.ErrnoException, socket) => {
    // What comes behind the last answer of a connection is thrown away, whatever it is.
    if (!socket.writable) return;
    const late = `The headers were not complete after ${timeLimits.headersMs / 1000} s.`;
    if (code === "ECONNRESET") socket.destroy();
    else if (code === "HPE_HEADER_OVERFLOW") end(socket, new Problem("headers_too_large"));
    else if (code === "ERR_HTTP_REQUEST_TIMEOUT") end(socket, new Problem("request_timeout", late));
    else end(socket, new Problem("malformed_request"));
  });
  server.on("connect", (request, socket) => {
    const headers = { Allow: "GET, HEAD, POST" };
    const problem = new Problem("method_not_allowed", "This server is no proxy: there is no CONNECT.", { headers });
    end(socket, problem, request);
  });
}

/** Writes an answer to a connection that has no response object, and ends it. */
function answer(socket: Socket, problem: Problem): void {
  const { headers, body } = renderAnswer(problem, true);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.on("error", () => {});
  socket.end(`HTTP/1.1 ${problem.status} ${problem.title}\r\n${lines.join("")}\r\n${body}`);
  linger(socket);
}
