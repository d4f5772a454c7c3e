import type { PubSubMessage, Subscription as SubscriptionConfig, Topic as TopicConfig } from "../protocol.ts";
import { checkSubscription, checkTopic } from "./config-checks.ts";
import { alreadyExists, invalidArgument, notFound } from "./rpc-error.ts";
import { Subscription } from "./subscription.ts";
import { type Spare, Unread } from "./unread.ts";

/** A topic keeps nothing itself: what is published goes to its subscriptions, or nowhere. */
export interface Topic {
  readonly config: TopicConfig;
  readonly subscriptions: Set<Subscription>;
}

/** What subscriptions of a deleted topic name as their topic (https://cloud.google.com/pubsub/docs/delete-topic). */
const deletedTopic = "_deleted-topic_";

/** All topics and subscriptions of a server, by full name: `projects/P/topics/T`, `projects/P/subscriptions/S`. */
export class Resources {
  readonly #topics = new Map<string, Topic>();
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #spare: Spare | undefined;

  constructor(spare?: Spare) {
    this.#spare = spare;
  }

  createTopic(request: TopicConfig): Topic {
    const { name } = request;
    checkName(name, "topics");
    if (this.#topics.has(name)) throw alreadyExists(name);
    const topic = { config: checkTopic(request), subscriptions: new Set<Subscription>() };
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
    const subscription = new Subscription(config, this.#toUnread(config.name));
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

  /** Ends every subscription's deliveries. */
  close(): void {
    for (const subscription of this.#subscriptions.values()) subscription.delete();
  }
}

/** Hands a message to every subscription of the topic. */
export function distribute(topic: Topic, message: PubSubMessage): void {
  for (const subscription of topic.subscriptions) subscription.enqueue(message);
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
