import { MAX_BATCH_BYTES, MAX_BATCH_EVENTS } from "../events/limits.ts";
import type { Entry } from "./entry.ts";
import type { Lane } from "./lane.ts";

/** The events of one request, and the users whose they are. */
export interface Batch {
  readonly entries: readonly Entry[];
  readonly lanes: readonly Lane[];
}

/**
 * Takes the next users' events into one request, each user's from the front, as far as there is room.
 *
 * @param waiting users in turn; those of whom events are taken are removed
 */
export function takeBatch(waiting: Set<Lane>): Batch {
  const entries: Entry[] = [];
  const lanes: Lane[] = [];
  const ids = new Set<string>();
  // The least of what the events in it allow, and of what the producer takes.
  let [maxEvents, maxBytes] = [MAX_BATCH_EVENTS, MAX_BATCH_BYTES];
  let bytes = 1;

  function fits(entry: Entry): boolean {
    const { target, limits, eventId } = entry;
    // Whatever its size, an event goes alone rather than not at all.
    if (entries.length === 0) return true;
    // The producer refuses the second of one id; in the next request it is taken as a duplicate, which it is.
    if (target !== entries[0]?.target || ids.has(eventId)) return false;
    const isRoom = bytes + entry.bytes + 1 <= Math.min(maxBytes, limits.bytes);
    return isRoom && entries.length < Math.min(maxEvents, limits.events);
  }

  for (const lane of waiting) {
    // Users in trouble would hold up the others of their batch again.
    if (lanes[0] && lane.isTroubled !== lanes[0].isTroubled) break;
    const before = entries.length;
    for (const entry of lane) {
      if (entry.isHeld || !fits(entry)) break;
      entries.push(entry);
      ids.add(entry.eventId);
      [maxEvents, maxBytes] = [Math.min(maxEvents, entry.limits.events), Math.min(maxBytes, entry.limits.bytes)];
      // A comma or bracket follows each event.
      bytes += entry.bytes + 1;
    }
    if (entries.length === before) break;
    lane.isUnderWay = true;
    lanes.push(lane);
    waiting.delete(lane);
  }
  return { entries, lanes };
}
