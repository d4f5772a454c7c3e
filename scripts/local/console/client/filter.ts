import type { ConsoleMessage } from "../protocol.ts";

/** Which messages are shown; an empty member does not matter. */
export interface Filter {
  /** A topic. */
  readonly topic: string;
  /** An event type. */
  readonly type: string;
  /** A part of the user's id or of the ordering key. */
  readonly user: string;
}

export const noFilter: Filter = { topic: "", type: "", user: "" };

/** @returns the messages that pass, newest first */
export function applyFilter(messages: readonly ConsoleMessage[], { topic, type, user }: Filter): ConsoleMessage[] {
  return messages
    .filter(
      (message) =>
        (topic === "" || message.topic === topic) &&
        (type === "" || message.attributes.event_type === type) &&
        (user === "" || message.userId.includes(user) || message.orderingKey.includes(user)),
    )
    .reverse();
}
