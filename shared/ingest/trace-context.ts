/** A request's place in a distributed trace. */
export interface TraceContext {
  /** The header, as it came. */
  readonly traceparent: string;
  /** 32 hex digits. */
  readonly traceId: string;
}

/** `traceparent` of version 00; all zeros name no trace and no span (https://www.w3.org/TR/trace-context/). */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** @returns the trace context of a `traceparent` header, or undefined when there is none or it is invalid */
export function readTraceContext(traceparent: unknown): TraceContext | undefined {
  if (typeof traceparent !== "string") return undefined;
  const traceId = TRACEPARENT.exec(traceparent)?.[1];
  return traceId === undefined ? undefined : { traceparent, traceId };
}
