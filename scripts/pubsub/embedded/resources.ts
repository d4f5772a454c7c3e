import {
  type PubSubMessage,
  type SeekRequest,
  type Subscription as SubscriptionConfig,
  type Topic as TopicConfig,
  toMs,
} from "../protocol.ts";
import { checkSubscription, checkTopic } from "./config-checks.ts";
import { Recent } from "./recent.ts";
import { alreadyExists, invalidArgument, notFound, toId } from "./rpc-error.ts";
import { Subscription, type SubscriptionBacklog } from "./subscription.ts";

/** What a topic keeps of what was published, acknowledged or not, so that a subscription can be wound back. */
const retainedLimits = { messages: 10_000, bytes: 256 * 1024 * 1024, ms: 10 * 60_000 };
/** What a spare subscription keeps for whoever opens it first: all of it would fill the memory of a stack that runs for days. */
const unreadLimits = { messages: 10_000, bytes: 16 * 1024 * 1024, ms: Infinity };

/** Subscriptions that are there in case somebody wants to read them. */
export interface Spare {
  /** @param subscription its id, without the project */
  isSpare(subscription: string): boolean;
  /** Is told once of each: nobody has ever opened it, and its oldest messages are dropped from now on. */
  onDrop(subscription: string, most: number): void;
}

/** What is published goes to a topic's subscriptions, and is kept by itself only where somebody may wind back. */
export interface Topic {
  readonly config: TopicConfig;
  readonly subscriptions: Set<Subscription>;
  retained: Recent | undefined;
}

/** What a publisher says of a message. */
export type Published = Omit<PubSubMessage, "messageId" | "publishTime">;

/** What subscriptions of a deleted topic name as their topic (https://cloud.google.com/pubsub/docs/delete-topic). */
const deletedTopic = "_deleted-topic_";

/** All topics and subscriptions of a server, by full name: `projects/P/topics/T`, `projects/P/subscriptions/S`. */
export class Resources {
  readonly #topics = new Map<string, Topic>();
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #spare: Spare | undefined;
  #published = 0;

  constructor(spare?: Spare) {
    this.#spare = spare;
  }

  createTopic(request: TopicConfig): Topic {
    const { name } = request;
    checkName(name, "topics");
    if (this.#topics.has(name)) throw alreadyExists(name);
    const config = checkTopic(request);
    const retained = config.messageRetentionDuration ? new Recent(retainedLimits) : undefined;
    const topic: Topic = { config, subscriptions: new Set(), retained };
    this.#topics.set(name, topic);
    return topic;
  }

  findTopic(name: string): Topic {
    const topic = this.#topics.get(name);
    if (topic !== undefined) return topic;
    checkName(name, "topics");
    throw notFound(name);
  }

  listTopics(project: string): TopicConfig[] {
    return listConfigs(this.#topics, project);
  }

  deleteTopic(name: string): void {
    for (const subscription of this.findTopic(name).subscriptions) subscription.config.topic = deletedTopic;
    this.#topics.delete(name);
  }

  createSubscription(request: SubscriptionConfig): Subscription {
    checkName(request.name, "subscriptions");
    if (this.#subscriptions.has(request.name)) throw alreadyExists(request.name);
    const topic = this.findTopic(request.topic);
    const config = checkSubscription(request);
    const { deadLetterTopic } = config.deadLetterPolicy ?? {};
    if (deadLetterTopic !== undefined && !this.#topics.has(deadLetterTopic)) throw notFound(deadLetterTopic);
    const id = toId(config.name);
    const onDrop = () => this.#spare?.onDrop(id, unreadLimits.messages);
    const unread = this.#spare?.isSpare(id) ? new Recent(unreadLimits, onDrop) : undefined;
    const subscription = new Subscription(config, this.#published, unread, (message, deliveries) =>
      this.#forward(config, message, deliveries),
    );
    if (config.retainAckedMessages) topic.retained ??= new Recent(retainedLimits);
    this.#subscriptions.set(config.name, subscription);
    topic.subscriptions.add(subscription);
    return subscription;
  }

  findSubscription(name: string): Subscription {
    const subscription = this.#subscriptions.get(name);
    if (subscription !== undefined) return subscription;
    checkName(name, "subscriptions");
    throw notFound(name);
  }

  listSubscriptions(project: string): SubscriptionConfig[] {
    return listConfigs(this.#subscriptions, project);
  }

  deleteSubscription(name: string): void {
    const subscription = this.findSubscription(name);
    this.#subscriptions.delete(name);
    this.#topics.get(subscription.config.topic)?.subscriptions.delete(subscription);
    subscription.delete();
  }

  /**
   * Gives each message its id and time, and hands it to every subscription of the topic.
   *
   * @returns the ids
   */
  publish(topic: Topic, messages: readonly Published[]): string[] {
    const now = Date.now();
    const publishTime = { seconds: Math.floor(now / 1000), nanos: (now % 1000) * 1_000_000 };
    return messages.map((message) => {
      this.#published += 1;
      const messageId = String(this.#published);
      const stored = { ...message, messageId, publishTime };
      topic.retained?.add(stored);
      for (const subscription of topic.subscriptions) subscription.enqueue(stored);
      return messageId;
    });
  }

  /** Winds a subscription to a time. @throws {RpcError} INVALID_ARGUMENT, NOT_FOUND */
  seek({ subscription: name, time, snapshot }: SeekRequest): void {
    const subscription = this.findSubscription(name);
    if (snapshot) throw notFound(snapshot);
    if (!time)
      throw invalidArgument("No target was specified in the SeekRequest. Must specify either a time or a snapshot");
    const { topic, retainAckedMessages } = subscription.config;
    const { config, retained } = this.#topics.get(topic) ?? {};
    // What is kept for a subscription alone is what it has had itself.
    const ownAfter = retainAckedMessages ? subscription.publishedBefore : Infinity;
    const after = config?.messageRetentionDuration ? 0 : ownAfter;
    subscription.seek(toMs(time), retained?.list().filter(({ messageId }) => Number(messageId) > after) ?? []);
  }

  /** Publishes a message to the dead-letter topic, with the attributes that Pub/Sub adds. */
  #forward({ name, deadLetterPolicy }: SubscriptionConfig, message: PubSubMessage, deliveries: number): boolean {
    const topic = this.#topics.get(deadLetterPolicy?.deadLetterTopic ?? "");
    if (topic === undefined) return false;
    const [, project = "", , id = ""] = name.split("/");
    const { data, orderingKey } = message;
    const attributes = {
      ...message.attributes,
      CloudPubSubDeadLetterSourceDeliveryCount: String(deliveries),
      CloudPubSubDeadLetterSourceSubscription: id,
      CloudPubSubDeadLetterSourceSubscriptionProject: project,
      CloudPubSubDeadLetterSourceTopicPublishTime: new Date(toMs(message.publishTime)).toISOString(),
    };
    this.publish(topic, [{ data, attributes, orderingKey }]);
    return true;
  }

  /** Number of messages that some subscription has not acknowledged. */
  countHeld(): number {
    let held = 0;
    for (const subscription of this.#subscriptions.values()) held += subscription.held;
    return held;
  }

  /** How far the consumers of each subscription are. */
  listBacklogs(): SubscriptionBacklog[] {
    return [...this.#subscriptions.values()].map(({ backlog }) => backlog);
  }

  /** Ends every subscription's deliveries. */
  close(): void {
    for (const subscription of this.#subscriptions.values()) subscription.delete();
  }
}

/** Those of a project. @throws {RpcError} INVALID_ARGUMENT for what is no project's name */
function listConfigs<T>(all: ReadonlyMap<string, { readonly config: T }>, project: string): T[] {
  if (!/^projects\/[^/]+$/.test(project)) throw invalidArgument(`Invalid project name given (name=${project}).`);
  return [...all].filter(([name]) => name.startsWith(`${project}/`)).map(([, { config }]) => config);
}

/** https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names */
function checkName(name: string, collection: "topics" | "subscriptions"): void {
  if (new RegExp(`^projects/[^/]+/${collection}/(?!goog)[A-Za-z][\\w.~+%-]{2,254}$`).test(name)) return;
  throw invalidArgument(
    `Invalid resource name given (name=${name}). Refer to https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names for more information.`,
  );
}
