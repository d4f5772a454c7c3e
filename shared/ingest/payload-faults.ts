import type { Log } from "../log.ts";
import { elapsedMs, type RequestContext } from "./context.ts";

const INTERVAL_MS = 60_000;

interface Count {
  /** `performance.now()` of the last line. */
  lastAt: number;
  /** Events since then. */
  events: number;
}

/**
 * Says in the log that payloads differ from their schema: one line an event type and minute, as a caller's release may
 * break every event. There is no timer, since the CPU is there only during requests.
 */
export class PayloadFaults {
  readonly #counts = new Map<string, Count>();

  /**
   * Takes note of an event whose payload has faults.
   *
   * @param paths of its faults, joined by a space
   */
  report(log: Log, context: RequestContext, eventType: string, paths: string): void {
    const now = performance.now();
    const count = this.#counts.get(eventType) ?? { lastAt: Number.NEGATIVE_INFINITY, events: 0 };
    this.#counts.set(eventType, count);
    count.events++;
    if (now - count.lastAt < INTERVAL_MS) return;
    const fields = { event_type: eventType, count: count.events, paths, latency_ms: elapsedMs(context) };
    count.lastAt = now;
    count.events = 0;
    try {
      log.write("warning", "Payload differs from its schema", fields, context.trace?.traceId);
    } catch {
      // The event goes its way, whatever becomes of the line.
    }
  }
}
