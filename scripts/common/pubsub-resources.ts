/** How long a topic keeps every message, so that a consumer can be wound back to any moment of the last week. */
export const TOPIC_RETENTION_DAYS = 7;

/** How often a message is delivered in vain before it becomes a dead letter. */
export const MAX_DELIVERY_ATTEMPTS = 10;

/** The Pub/Sub resources around a function's topic, by their ids; deployed and local ones have the same names. */
export function toPubSubNames(topic: string) {
  const deadLetter = `${topic}.dead-letter`;
  return { topic, deadLetter, kept: `${deadLetter}.kept`, subscription: `${topic}.default` };
}
