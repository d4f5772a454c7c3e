import {
  type PubSubMessage,
  type SeekRequest,
  type Subscription as SubscriptionConfig,
  type Topic as TopicConfig,
  toMs,
} from "../protocol.ts";
import { checkSubscription, checkTopic } from "./config-checks.ts";
import { alreadyExists, invalidArgument, notFound } from "./rpc-error.ts";
import { Subscription, type SubscriptionBacklog } from "./subscription.ts";
import { type Spare, Unread } from "./unread.ts";

const MOST_MESSAGES = 10_000;
const MOST_BYTES = 256 * 1024 * 1024;
const MOST_MS = 10 * 60_000;

/**
 * What a topic keeps of what was published, acknowledged or not, so that a subscription can be wound back: the last 10,000
 * messages of the last ten minutes, or fewer where they are larger than 256 MiB together.
 */
class Retained {
  #messages: (PubSubMessage | undefined)[] = [];
  #start = 0;
  #bytes = 0;

  add(message: PubSubMessage): void {
    this.#messages.push(message);
    this.#bytes += message.data.length;
    const oldest = toMs(message.publishTime) - MOST_MS;
    for (let first = this.#first; first !== undefined && this.#isSurplus(first, oldest); first = this.#first) {
      this.#bytes -= first.data.length;
      this.#messages[this.#start] = undefined;
      this.#start += 1;
    }
    // Not at each message: moving ten thousand of them is work.
    if (this.#start < MOST_MESSAGES) return;
    this.#messages = this.#messages.slice(this.#start);
    this.#start = 0;
  }

  list(): PubSubMessage[] {
    return this.#messages.slice(this.#start) as PubSubMessage[];
  }

  get #first(): PubSubMessage | undefined {
    return this.#messages[this.#start];
  }

  #isSurplus({ publishTime }: PubSubMessage, oldest: number): boolean {
    const isTooMuch = this.#messages.length - this.#start > MOST_MESSAGES || this.#bytes > MOST_BYTES;
    return isTooMuch || toMs(publishTime) < oldest;
  }
}

/** What is published goes to a topic's subscriptions, and is kept by itself only where somebody may wind back. */
export interface Topic {
  readonly config: TopicConfig;
  readonly subscriptions: Set<Subscription>;
  retained: Retained | undefined;
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
    const retained = config.messageRetentionDuration ? new Retained() : undefined;
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
    checkProject(project);
    return [...this.#topics.values()].map(({ config }) => config).filter(({ name }) => name.startsWith(`${project}/`));
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
    const subscription = new Subscription(config, {
      publishedBefore: this.#published,
      unread: this.#toUnread(config.name),
      forward: (message, deliveries) => this.#forward(config, message, deliveries),
    });
    if (config.retainAckedMessages) topic.retained ??= new Retained();
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
    checkProject(project);
    return [...this.#subscriptions.values()]
      .map(({ config }) => config)
      .filter(({ name }) => name.startsWith(`${project}/`));
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
      // A copy where it stays for minutes: the bytes as they came hold on to all that was read from the network with them.
      const data = topic.retained ? Buffer.from(message.data) : message.data;
      const stored = { ...message, data, messageId, publishTime };
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

  #toUnread(name: string): Unread | undefined {
    const id = name.split("/").at(-1) as string;
    return this.#spare?.isSpare(id) ? new Unread((most) => this.#spare?.onDrop(id, most)) : undefined;
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

function checkProject(project: string): void {
  if (!/^projects\/[^/]+$/.test(project)) throw invalidArgument(`Invalid project name given (name=${project}).`);
}

/** https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names */
function checkName(name: string, collection: "topics" | "subscriptions"): void {
  const [projects, project, kind, id, ...rest] = name.split("/");
  const isName =
    projects === "projects" &&
    project !== "" &&
    kind === collection &&
    rest.length === 0 &&
    /^[A-Za-z][\w.~+%-]{2,254}$/.test(id ?? "") &&
    !id?.startsWith("goog");
  if (!isName) {
    throw invalidArgument(
      `Invalid resource name given (name=${name}). Refer to https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names for more information.`,
    );
  }
}
