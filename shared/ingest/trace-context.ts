/** A request's place in a distributed trace. */
export interface TraceContext {
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
export function readTraceContext(traceparent: unknown): TraceContext | undefined {
  const match = typeof traceparent === "string" ? TRACEPARENT.exec(traceparent) : null;
  if (!match) return undefined;
  const [header, version, traceId = "", parentId, flags = "", rest] = match;
  if (version === "00") return rest === undefined ? { traceparent: header, traceId } : undefined;
  const sampled = Number.parseInt(flags, 16) & 1;
  return { traceparent: `00-${traceId}-${parentId}-0${sampled}`, traceId };
}
