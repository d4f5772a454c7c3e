import type { PubSubMessage, Subscription as SubscriptionConfig } from "../protocol.ts";
import type { Consumer } from "./consumer.ts";
import { Lane, type LaneEntry } from "./lane.ts";
import { Leases } from "./leases.ts";

const deadlineCheckMs = 200;

/** One subscription: keeps each message until it is acknowledged, and hands it to whoever has room. */
export class Subscription {
  readonly config: SubscriptionConfig;
  readonly #orderedLanes = new Map<string, Lane>();
  readonly #readyLanes = new Set<Lane>();
  readonly #leases = new Leases();
  readonly #consumers = new Set<Consumer>();
  #held = 0;
  #dispatchPlanned = false;
  #deadlineTimer: NodeJS.Timeout | undefined;

  constructor(config: SubscriptionConfig) {
    this.config = config;
  }

  /** Number of messages in memory. */
  get held(): number {
    return this.#held;
  }

  enqueue(message: PubSubMessage): void {
    const lane = this.#laneFor(message.orderingKey);
    lane.add(message);
    this.#held += 1;
    this.#readyLanes.add(lane);
    this.planDispatch();
  }

  /** From now on this consumer gets messages, until it is detached or the subscription is deleted. */
  attach(consumer: Consumer): void {
    this.#consumers.add(consumer);
    this.planDispatch();
  }

  /** The consumer gets nothing more. What it has stays its own until acknowledged or out of time. */
  detach(consumer: Consumer): void {
    this.#consumers.delete(consumer);
  }

  /** Ids that are unknown or out of time are ignored, as the real service does. */
  acknowledge(ackIds: readonly string[]): void {
    for (const ackId of ackIds) {
      const entry = this.#leases.find(ackId);
      if (entry === undefined) continue;
      this.#leases.end(entry);
      this.#held -= entry.lane.acknowledge(entry);
      if (entry.lane.isEmpty) this.#orderedLanes.delete(entry.lane.key);
    }
    this.planDispatch();
  }

  /** Sets the deadline of this message to so many seconds from now; 0 gives it back at once. */
  modifyDeadline(ackId: string, seconds: number): void {
    const entry = this.#leases.find(ackId);
    if (entry === undefined) return;
    if (seconds === 0) this.#redeliver(entry);
    else this.#leases.extend(ackId, seconds);
  }

  /** Hands out what is ready, soon; to be called whenever a consumer may have got room. */
  planDispatch(): void {
    if (this.#dispatchPlanned) return;
    this.#dispatchPlanned = true;
    // Not at once: what arrives in the same turn of the event loop leaves in one response.
    setImmediate(() => {
      this.#dispatchPlanned = false;
      this.#dispatch();
    });
  }

  /** Ends all deliveries and tells every consumer that the subscription is gone. */
  delete(): void {
    clearInterval(this.#deadlineTimer);
    this.#readyLanes.clear();
    for (const consumer of this.#consumers) consumer.end();
    this.#consumers.clear();
  }

  #laneFor(orderingKey: string): Lane {
    if (!this.config.enableMessageOrdering || orderingKey === "") return new Lane("");
    let lane = this.#orderedLanes.get(orderingKey);
    if (lane === undefined) {
      lane = new Lane(orderingKey);
      this.#orderedLanes.set(orderingKey, lane);
    }
    return lane;
  }

  #dispatch(): void {
    const served = new Set<Consumer>();
    for (const lane of this.#readyLanes) {
      const consumer = lane.consumer ?? this.#findRoom();
      // Without this, every publish to a subscription that nobody reads would walk all of its messages.
      if (consumer === undefined) break;
      if (!this.#consumers.has(consumer)) continue;
      this.#deliver(lane, consumer);
      served.add(consumer);
    }
    for (const consumer of served) consumer.send();
    if (this.#leases.size > 0) this.#deadlineTimer ??= setInterval(() => this.#expire(), deadlineCheckMs).unref();
  }

  #deliver(lane: Lane, consumer: Consumer): void {
    for (let entry = lane.peek(); entry !== undefined && consumer.hasRoom(); entry = lane.peek()) {
      lane.deliverTo(consumer);
      consumer.add({ ackId: this.#leases.grant(entry, consumer), message: entry.message });
    }
    if (lane.peek() === undefined) this.#readyLanes.delete(lane);
  }

  #findRoom(): Consumer | undefined {
    for (const consumer of this.#consumers) {
      if (!consumer.hasRoom()) continue;
      // Last in line next time, so that several consumers share the messages.
      this.#consumers.delete(consumer);
      this.#consumers.add(consumer);
      return consumer;
    }
    return undefined;
  }

  #expire(): void {
    for (const entry of this.#leases.listExpired()) this.#redeliver(entry);
    if (this.#leases.size > 0) return;
    clearInterval(this.#deadlineTimer);
    this.#deadlineTimer = undefined;
  }

  #redeliver(entry: LaneEntry): void {
    for (const each of entry.lane.rewind(entry)) this.#leases.end(each);
    this.#readyLanes.add(entry.lane);
    this.planDispatch();
  }
}
