import type { Duration, PubSubMessage, Subscription as SubscriptionConfig } from "../protocol.ts";
import type { Consumer } from "./consumer.ts";
import { compileFilter, type Filter } from "./filter.ts";
import { Lane, type LaneEntry } from "./lane.ts";
import { Leases } from "./leases.ts";
import { invalidArgument } from "./rpc-error.ts";
import type { Unread } from "./unread.ts";

const deadlineCheckMs = 200;

/** One subscription: keeps each message until it is acknowledged, and hands it to whoever has room. */
export class Subscription {
  readonly config: SubscriptionConfig;
  readonly #orderedLanes = new Map<string, Lane>();
  readonly #readyLanes = new Set<Lane>();
  readonly #leases: Leases;
  readonly #filter: Filter;
  readonly #pauses = new Set<NodeJS.Timeout>();
  readonly #consumers = new Set<Consumer>();
  /** Undefined once somebody has opened it, and for one that keeps whatever it gets. */
  #unread: Unread | undefined;
  #held = 0;
  #dispatchPlanned = false;
  #deadlineTimer: NodeJS.Timeout | undefined;

  /** @param unread what may be dropped of it while nobody has opened it; undefined for nothing */
  constructor(config: SubscriptionConfig, unread?: Unread) {
    this.config = config;
    this.#unread = unread;
    this.#leases = new Leases(config.name);
    this.#filter = compileFilter(config.filter ?? "");
  }

  /** Number of messages in memory. */
  get held(): number {
    return this.#held;
  }

  /** What the filter leaves out counts as acknowledged. */
  enqueue(message: PubSubMessage): void {
    if (!this.#filter(message.attributes)) return;
    const lane = this.#laneFor(message.orderingKey);
    // A copy where it may stay for days: the bytes as they came hold on to all that was read from the network with them.
    lane.add(this.#unread ? { ...message, data: Buffer.from(message.data) } : message);
    this.#held += 1;
    this.#readyLanes.add(lane);
    for (const loser of this.#unread?.add(lane, message) ?? []) this.#dropFirst(loser);
    this.planDispatch();
  }

  /** From now on this consumer gets messages, until it is detached or the subscription is deleted. */
  attach(consumer: Consumer): void {
    this.#unread = undefined;
    this.#consumers.add(consumer);
    this.planDispatch();
  }

  /** The consumer gets nothing more. What it has stays its own until acknowledged or out of time. */
  detach(consumer: Consumer): void {
    this.#consumers.delete(consumer);
  }

  /** @throws {RpcError} INVALID_ARGUMENT for an id that was never one of this subscription's */
  checkAckIds(ackIds: readonly string[]): void {
    const foreign = ackIds.find((ackId) => !this.#leases.isOwn(ackId));
    if (foreign !== undefined) {
      throw invalidArgument(`You have passed an invalid ack ID to the service (ack_id=${foreign}).`);
    }
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
    for (const pause of this.#pauses) clearTimeout(pause);
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

  #dropFirst(lane: Lane): void {
    lane.dropFirst();
    this.#held -= 1;
    if (!lane.isEmpty) return;
    this.#orderedLanes.delete(lane.key);
    this.#readyLanes.delete(lane);
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

  /** By its retry policy a subscription waits before it delivers again; later messages of the key wait behind it. */
  #redeliver(entry: LaneEntry): void {
    for (const each of entry.lane.rewind(entry)) this.#leases.end(each);
    const ready = () => {
      this.#readyLanes.add(entry.lane);
      this.planDispatch();
    };
    const { retryPolicy } = this.config;
    if (!retryPolicy) {
      ready();
      return;
    }
    const [minimum, maximum] = [retryPolicy.minimumBackoff, retryPolicy.maximumBackoff].map(toMs);
    const pause = setTimeout(
      () => {
        this.#pauses.delete(pause);
        ready();
      },
      Math.min(maximum ?? 0, (minimum ?? 0) * 2 ** (entry.attempts - 1)),
    ).unref();
    this.#readyLanes.delete(entry.lane);
    this.#pauses.add(pause);
  }
}

function toMs(duration: Duration | null | undefined): number {
  return duration ? duration.seconds * 1000 + (duration.nanos ?? 0) / 1e6 : 0;
}
