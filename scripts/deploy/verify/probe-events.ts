import { randomUUID } from "node:crypto";
import type { Domain } from "../../../shared/events/domain.ts";

/** An event that is sent to see what becomes of it. */
export interface ProbeEvent {
  /** The bytes that are sent, as text. */
  readonly text: string;
  readonly eventType: string;
  /** The id that it is sent with; undefined where the function has to give it one. */
  readonly eventId: string | undefined;
  readonly userId: string;
}

/** Bytes that a function which parses and writes again would alter: digits beyond a double, a trailing 0, an escape. */
const telltale = `"verification": [9007199254740993, 89.90, "\\u00e9é"]`;

/**
 * Makes valid events of one user, of each type of the domain in turn. Every other one has an id and a timestamp of its own.
 *
 * @param mark becomes a part of the ids, so that those of two runs differ
 */
export function createProbeEvents(domain: Domain, userId: string, mark: string, count: number): ProbeEvent[] {
  const samples = Object.values(domain.events).map(({ sample }) => sample);
  return Array.from({ length: count }, (_, index) => {
    const { event_id: _id, timestamp: _time, ...sample } = samples[index % samples.length] ?? {};
    const eventId = index % 2 === 0 ? undefined : `verification-${mark.slice(0, 16)}-${randomUUID()}`;
    const own = eventId === undefined ? {} : { event_id: eventId, timestamp: new Date().toISOString() };
    const event = { ...sample, ...own, user_id: userId };
    const text = `${JSON.stringify(event).slice(0, -1)}, ${telltale}}`;
    return { text, eventType: String(sample.event_type), eventId, userId };
  });
}

/** Makes an event that must be refused: it has no user. */
export function createFaultyEvent(domain: Domain): string {
  const { user_id: _, ...sample } = Object.values(domain.events)[0]?.sample ?? {};
  return JSON.stringify(sample);
}
