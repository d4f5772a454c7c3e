import type { IncomingMessage } from "node:http";
import type { Domain } from "../events/domain.ts";
import { VERIFICATION } from "../events/envelope.ts";
import type { Log } from "../log.ts";
import type { Publisher } from "../publish/publisher.ts";
import type { ReadCaller } from "./caller.ts";
import type { Contract } from "./contract.ts";
import type { InFlight } from "./in-flight.ts";
import type { Summaries } from "./summaries.ts";

/** A request's place in a distributed trace. */
interface TraceContext {
  /** A `traceparent` of version 00. */
  readonly traceparent: string;
  /** 32 hex digits. */
  readonly traceId: string;
}

/** All zeros name no trace and no span. Version ff is invalid; later ones may append fields behind another hyphen. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * Reads a `traceparent` header. One of a later version is read, and passed on, as version 00 with the sampled flag alone.
 *
 * @returns undefined when there is none or it is invalid
 * @see https://www.w3.org/TR/trace-context/#versioning-of-traceparent
 */
function readTraceContext(traceparent: unknown): TraceContext | undefined {
  const match = typeof traceparent === "string" ? TRACEPARENT.exec(traceparent) : null;
  if (!match) return undefined;
  const [header, version, traceId = "", parentId, flags = "", rest] = match;
  if (version === "00") return rest === undefined ? { traceparent: header, traceId } : undefined;
  const sampled = Number.parseInt(flags, 16) & 1;
  return { traceparent: `00-${traceId}-${parentId}-0${sampled}`, traceId };
}

/** What one function works with, for all of its requests. */
export interface Service {
  readonly domain: Domain;
  readonly publisher: Pick<Publisher, "publish">;
  readonly log: Pick<Log, "write">;
  readonly inFlight: InFlight;
  readonly contract: Contract;
  readonly summaries: Pick<Summaries, "count" | "sayDue">;
  readonly readCaller: ReadCaller;
}

/** What a request says about its events, apart from their bytes. */
export interface RequestContext {
  readonly idempotencyKey: string | undefined;
  readonly trace: TraceContext | undefined;
  /** Marks the events that a deployment's own check sends; subscriptions leave them out by filter. */
  readonly verification: string | undefined;
  /** Who sent it, where that can be told. */
  readonly caller: string | undefined;
  /** `performance.now()` when the request came. */
  readonly startedAt: number;
}

/** Reads a request's context from its headers; one that is not valid counts as absent. */
export function readContext({ headers }: Pick<IncomingMessage, "headers">, caller?: string): RequestContext {
  const verification = String(headers["pulsecart-verification"] ?? "").toLowerCase();
  return {
    // White space around a header's value is no part of it (RFC 9110, section 5.5), and Node has taken it off.
    idempotencyKey: String(headers["idempotency-key"] ?? "") || undefined,
    trace: readTraceContext(headers.traceparent),
    verification: VERIFICATION.test(verification) ? verification : undefined,
    caller,
    startedAt: performance.now(),
  };
}

/** @returns milliseconds since the request came, with one decimal */
export function elapsedMs({ startedAt }: RequestContext): number {
  return Math.round((performance.now() - startedAt) * 10) / 10;
}
