import type { PubSubMessage, ReceivedMessage } from "../protocol.ts";

/** One who takes messages from a subscription: an open stream or a waiting pull. */
export interface Consumer {
  readonly ackDeadlineSeconds: number;
  /** Whether it takes this message now; asked before each. */
  hasRoom(message: PubSubMessage): boolean;
  /** Hands over one message. `send` follows once everything that is ready has been handed over. */
  add(received: ReceivedMessage): void;
  send(): void;
  /** A message that it had is acknowledged, given back or out of time. */
  release(message: PubSubMessage): void;
  /** The subscription has been deleted. */
  end(): void;
}
