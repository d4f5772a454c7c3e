import type { PubSubMessage } from "../protocol.ts";
import { Lane, type LaneEntry } from "./lane.ts";

/** The messages that one subscription has not dropped yet, in their lanes. */
export class Backlog {
  readonly #isOrdered: boolean;
  readonly #orderedLanes = new Map<string, Lane>();
  readonly #unorderedLanes = new Set<Lane>();
  #held = 0;

  constructor(isOrdered: boolean) {
    this.#isOrdered = isOrdered;
  }

  /** Number of messages in memory. */
  get held(): number {
    return this.#held;
  }

  /** The messages that still wait for their acknowledgement. */
  get unacknowledged(): PubSubMessage[] {
    return [...this.#orderedLanes.values(), ...this.#unorderedLanes].flatMap((lane) => lane.unacknowledged);
  }

  /** @returns the lane that the message waits in now */
  add(message: PubSubMessage): Lane {
    const lane = this.#laneFor(message.orderingKey);
    lane.add(message);
    this.#held += 1;
    return lane;
  }

  acknowledge(entry: LaneEntry): void {
    this.#forget(entry.lane, entry.lane.acknowledge(entry));
  }

  /** Takes a message out for good. */
  remove(entry: LaneEntry): void {
    this.#forget(entry.lane, entry.lane.remove(entry));
  }

  /** Forgets the oldest message of a lane of which nothing was ever delivered. */
  dropFirst(lane: Lane): void {
    lane.dropFirst();
    this.#forget(lane, 1);
  }

  clear(): void {
    this.#orderedLanes.clear();
    this.#unorderedLanes.clear();
    this.#held = 0;
  }

  #laneFor(orderingKey: string): Lane {
    const found = this.#orderedLanes.get(orderingKey);
    if (found !== undefined) return found;
    if (!this.#isOrdered || orderingKey === "") {
      const lane = new Lane("");
      this.#unorderedLanes.add(lane);
      return lane;
    }
    const lane = new Lane(orderingKey);
    this.#orderedLanes.set(orderingKey, lane);
    return lane;
  }

  #forget(lane: Lane, dropped: number): void {
    this.#held -= dropped;
    if (!lane.isEmpty) return;
    this.#orderedLanes.delete(lane.key);
    this.#unorderedLanes.delete(lane);
  }
}
