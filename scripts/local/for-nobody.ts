import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { domains } from "../../shared/events/registry.ts";
import { readHead } from "../../shared/http/body.ts";
import { Problem } from "../../shared/http/problem.ts";
import type { Answer } from "../../shared/http/respond.ts";
import { Room } from "../../shared/http/room.ts";
import type { Service } from "../../shared/ingest/context.ts";
import { Contract } from "../../shared/ingest/contract.ts";
import { InFlight } from "../../shared/ingest/in-flight.ts";
import { findRoute, ingest } from "../../shared/ingest/ingest.ts";
import { uncounted } from "../../shared/ingest/summaries.ts";

// What is for no function of the stack is judged here, by the functions' own code: none of them logs or counts it.

const silent = { write: () => {}, always: () => {} };

const nobodys = { ...domains.commerce, name: "none", events: {} };

/** A function without event types: whatever comes is refused. */
const nobody: Service = {
  domain: nobodys,
  publisher: { publish: () => Promise.reject(new Problem("internal")) },
  log: silent,
  inFlight: new InFlight(Number.MAX_SAFE_INTEGER),
  contract: new Contract(nobodys, "registry"),
  summaries: uncounted,
  readCaller: () => undefined,
};

const room = new Room();

/**
 * Looks at what comes before a body.
 *
 * @param url path and query
 * @throws {Problem} what every function answers without having read the body
 */
export function checkHead(request: IncomingMessage, url: string): void {
  const route = findRoute(Object.assign(Object.create(request), { url }) as IncomingMessage);
  if ("takesLines" in route) readHead(request, route);
}

/** @returns what every function answers to this body, whose events are nobody's */
export async function judge(
  { method, headers, rawHeaders, httpVersion }: IncomingMessage,
  url: string,
  read: readonly Buffer[],
): Promise<Answer> {
  const request = Object.assign(Readable.from(read), { method, url, headers, rawHeaders, httpVersion });
  const lease = room.open(true);
  if (!lease) throw new Problem("overloaded");
  try {
    return await ingest(nobody, request as IncomingMessage, lease);
  } finally {
    lease.release();
  }
}
