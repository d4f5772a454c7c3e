import type { FunctionName } from "../../../shared/events/registry.ts";
import type { ArrivedMessage } from "../../pubsub/open-subscription.ts";

/** Whether the promises hold could not be found out; the message says in one line what to do. */
export class CannotVerifyError extends Error {
  override readonly name = "CannotVerifyError";
}

/** One deployed function: how it is called, and how its topic is heard. */
export interface Subject {
  readonly name: FunctionName;
  /** Without a slash at the end. */
  readonly url: string;
  /** The ID token of a caller that may call it; undefined where it has none. */
  readonly token: string | undefined;
  /** `ORDERING_KEY_SHARDS` that it was deployed with. */
  readonly shards: number;
  /**
   * Makes a temporary, ordered subscription to its topic, and reads it.
   *
   * @param filter in Pub/Sub's filter language
   * @throws CannotVerifyError, GcloudError or ServiceError where it cannot be made
   */
  listen(filter: string, onMessage: (message: ArrivedMessage) => void): Promise<Listener>;
}

export interface Listener {
  /** Ends the reading and deletes the subscription. */
  close(): Promise<void>;
  /** Why nothing can be heard; undefined where all can. */
  failure?(): string | undefined;
}
