import type { IncomingMessage, ServerResponse } from "node:http";

/** Requests whose client waits for `100 Continue` before it sends a body, with what sends it. */
const waiting = new WeakMap<IncomingMessage, ServerResponse>();

/** Notes that a client sends its body only when it is told to (`Expect: 100-continue`). */
export function noteExpectation(request: IncomingMessage, response: ServerResponse): void {
  waiting.set(request, response);
}

/** @returns whether the client still waits for `100 Continue`; it may never send its body then */
export function isExpecting(request: IncomingMessage): boolean {
  return waiting.has(request);
}

/** Tells a client that waits for it to send its body. */
export function sendContinue(request: IncomingMessage): void {
  if (request.headers.expect === undefined) return;
  const response = waiting.get(request);
  waiting.delete(request);
  if (response && !response.headersSent) response.writeContinue();
}
