/** How long a topic keeps every message, so that a consumer can be wound back to any moment of the last week. */
export const TOPIC_RETENTION_DAYS = 7;
