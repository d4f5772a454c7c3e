import { type PubSubMessage, type Subscription as SubscriptionConfig, toMs } from "../protocol.ts";
import { compileFilter, type Filter } from "./filter.ts";
import { type Consumer, Lane, type LaneEntry } from "./lane.ts";
import { Leases } from "./leases.ts";
import type { Recent } from "./recent.ts";
import { invalidArgument, toId } from "./rpc-error.ts";

const deadlineCheckMs = 200;

/** How far the consumers of a subscription are. Names are without the project. */
export interface SubscriptionBacklog {
  readonly subscription: string;
  readonly topic: string;
  /** Those that are not acknowledged. */
  readonly messages: number;
  /** When the oldest of them was published, in milliseconds since the epoch. */
  readonly oldest: number | undefined;
  /** Whether somebody has it open now. */
  readonly isRead: boolean;
}

/** One subscription: keeps each message until it is acknowledged, and hands it to whoever has room. */
export class Subscription {
  readonly config: SubscriptionConfig;
  /** How many messages the server had taken before the subscription was made. */
  readonly publishedBefore: number;
  readonly #lanes = new Map<string | number, Lane>();
  readonly #readyLanes = new Set<Lane>();
  readonly #leases: Leases;
  readonly #filter: Filter;
  readonly #consumers = new Set<Consumer>();
  #unread: Recent | undefined;
  readonly #forward: (message: PubSubMessage, deliveries: number) => boolean;
  #dispatchPlanned = false;
  #deadlineTimer: NodeJS.Timeout | undefined;

  /**
   * @param unread takes what comes until somebody opens it; undefined where it keeps all
   * @param forward publishes a message that was delivered in vain as often as its dead-letter policy allows; returns false where
   * its dead-letter topic is not there
   */
  constructor(
    config: SubscriptionConfig,
    publishedBefore: number,
    unread: Recent | undefined,
    forward: (message: PubSubMessage, deliveries: number) => boolean,
  ) {
    this.config = config;
    this.publishedBefore = publishedBefore;
    this.#unread = unread;
    this.#forward = forward;
    this.#leases = new Leases(config.name);
    this.#filter = compileFilter(config.filter ?? "");
  }

  /** Number of messages in memory. */
  get held(): number {
    return [...this.#lanes.values()].reduce((sum, { held }) => sum + held, this.#unread?.length ?? 0);
  }

  /** What its consumers have not acknowledged. */
  get backlog(): SubscriptionBacklog {
    const { name, topic } = this.config;
    const messages = this.#unacknowledged;
    const oldest = messages.reduce((least, { publishTime }) => Math.min(least, toMs(publishTime)), Infinity);
    return {
      subscription: toId(name),
      topic: toId(topic),
      messages: messages.length,
      oldest: messages.length === 0 ? undefined : oldest,
      isRead: this.#consumers.size > 0,
    };
  }

  /** What the filter leaves out counts as acknowledged. */
  enqueue(message: PubSubMessage): void {
    if (!this.#filter(message.attributes)) return;
    if (this.#unread) {
      this.#unread.add(message);
      return;
    }
    const { orderingKey, messageId } = message;
    const key = (this.config.enableMessageOrdering && orderingKey) || Number(messageId);
    const lane = this.#lanes.get(key) ?? new Lane(key, this.#lanes);
    lane.add(message);
    this.#readyLanes.add(lane);
    this.planDispatch();
  }

  /** From now on this consumer gets messages, until it is detached or the subscription is deleted. */
  attach(consumer: Consumer): void {
    const unread = this.#unread?.list() ?? [];
    this.#unread = undefined;
    for (const message of unread) this.enqueue(message);
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
      entry.lane.acknowledge(entry);
    }
    this.planDispatch();
  }

  /** Sets the deadline of this message to so many seconds from now; 0 gives it back at once. */
  modifyDeadline(ackId: string, seconds: number): void {
    const entry = this.#leases.find(ackId);
    if (entry === undefined) return;
    if (seconds === 0) this.#fail(entry);
    else this.#leases.extend(ackId, seconds);
  }

  /**
   * Goes back, or forward, to a time: what was published before counts as acknowledged, all else comes again. What was on its
   * way is not waited for.
   *
   * @param time milliseconds since the epoch
   * @param retained what can come again although it was acknowledged
   */
  seek(time: number, retained: readonly PubSubMessage[]): void {
    const messages = new Map(
      [...retained, ...this.#unacknowledged].map((message) => [Number(message.messageId), message]),
    );
    this.#unread = undefined;
    this.#leases.endAll();
    this.#lanes.clear();
    this.#readyLanes.clear();
    for (const [, message] of [...messages].sort(([a], [b]) => a - b)) {
      if (toMs(message.publishTime) >= time) this.enqueue(message);
    }
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

  get #unacknowledged(): PubSubMessage[] {
    return [...(this.#unread?.list() ?? []), ...[...this.#lanes.values()].flatMap((lane) => lane.unacknowledged)];
  }

  #dispatch(): void {
    const served = new Set<Consumer>();
    for (const lane of this.#readyLanes) {
      const message = lane.peek()?.message;
      if (message === undefined) {
        this.#readyLanes.delete(lane);
        continue;
      }
      if (lane.isPaused) continue;
      const consumer = lane.consumer ?? this.#findRoom(message);
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
    const { deadLetterPolicy } = this.config;
    for (let entry = lane.peek(); entry !== undefined && consumer.hasRoom(entry.message); entry = lane.peek()) {
      lane.deliverTo(consumer);
      const deliveryAttempt = deadLetterPolicy ? entry.failures + 1 : 0;
      consumer.add({ ackId: this.#leases.grant(entry, consumer), message: entry.message, deliveryAttempt });
    }
    if (lane.peek() === undefined) this.#readyLanes.delete(lane);
  }

  #findRoom(message: PubSubMessage): Consumer | undefined {
    for (const consumer of this.#consumers) {
      if (!consumer.hasRoom(message)) continue;
      // Last in line next time, so that several consumers share the messages.
      this.#consumers.delete(consumer);
      this.#consumers.add(consumer);
      return consumer;
    }
    return undefined;
  }

  #expire(): void {
    for (const entry of this.#leases.listExpired()) this.#fail(entry);
    if (this.#leases.size > 0) return;
    clearInterval(this.#deadlineTimer);
    this.#deadlineTimer = undefined;
  }

  /** A message was given back, or its time is up. */
  #fail(entry: LaneEntry): void {
    entry.failures += 1;
    const { maxDeliveryAttempts = Infinity } = this.config.deadLetterPolicy ?? {};
    if (entry.failures < maxDeliveryAttempts || !this.#forward(entry.message, entry.failures)) {
      this.#redeliver(entry);
      return;
    }
    this.#leases.end(entry);
    entry.lane.remove(entry);
    this.planDispatch();
  }

  /** By its retry policy a subscription waits before it delivers again; later messages of the key wait behind it. */
  #redeliver(entry: LaneEntry): void {
    const { lane, failures } = entry;
    for (const each of lane.rewind(entry)) this.#leases.end(each);
    this.#readyLanes.add(lane);
    const { retryPolicy } = this.config;
    if (retryPolicy) {
      const [minimum = 0, maximum = 0] = [retryPolicy.minimumBackoff, retryPolicy.maximumBackoff].map(toMs);
      lane.isPaused = true;
      const goOn = () => {
        lane.isPaused = false;
        this.planDispatch();
      };
      setTimeout(goOn, Math.min(maximum, minimum * 2 ** (failures - 1))).unref();
    }
    this.planDispatch();
  }
}
