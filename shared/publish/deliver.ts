import type { Connection } from "./connection.ts";
import { isRetryable, isTimeout, toExhausted, toRejected } from "./failure.ts";
import type { Message } from "./grpc/codec.ts";

const FIRST_BACKOFF_MS = 50;
const LONGEST_BACKOFF_MS = 1000;

/** Where attempts find a connection. */
export interface ConnectionSource {
  /** The connection that new attempts use. */
  current(): Connection;
  /** Has new attempts use another connection than this one, which did not answer. */
  replace(connection: Connection): void;
}

/**
 * Delivers messages of one ordering key in one publish request, within its budget, retrying what can be retried.
 *
 * An attempt that is not answered within `hedgeMs` is not given up but joined by a second one on a new connection (a
 * hedged request, https://research.google/pubs/the-tail-at-scale/): a connection that died while the instance was frozen
 * never reports an error, and a Pub/Sub that is merely slow must not lose the attempt that it is working on. Where both
 * are stored, consumers see the same `event_id` twice, in order.
 *
 * @param deadline milliseconds since the epoch; no attempt outlives it
 * @param hedgeMs milliseconds to wait for an answer before the next attempt
 * @returns the message ids, in the messages' order
 * @throws {PublishFailure} publish_rejected at once; publish_unavailable or publish_timeout when the budget is spent
 */
export function deliver(
  connections: ConnectionSource,
  messages: readonly Message[],
  deadline: number,
  hedgeMs: number,
): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    let attempts = 0;
    let open = 0;
    let isSettled = false;
    let lastAnswer: unknown;
    /** The one thing that happens next unless an answer comes: another attempt, or the end. */
    let next: NodeJS.Timeout | undefined;

    const settle = () => {
      isSettled = true;
      clearTimeout(next);
    };
    const giveUp = () => {
      settle();
      reject(toExhausted(lastAnswer));
    };
    const attempt = () => {
      attempts++;
      open++;
      const connection = connections.current();
      // What waited behind a request that took its whole budget has none left.
      const left = Math.max(0, deadline - Date.now());
      const hedge = () => {
        connections.replace(connection);
        attempt();
      };
      next = left > hedgeMs ? setTimeout(hedge, hedgeMs) : setTimeout(giveUp, left);
      connection.publish(messages, deadline).then(
        (messageIds) => {
          if (isSettled) return;
          settle();
          resolve(messageIds);
        },
        (error: unknown) => {
          open--;
          if (isSettled) return;
          if (!isRetryable(error)) {
            settle();
            reject(toRejected(error));
            return;
          }
          if (!isTimeout(error)) lastAnswer = error;
          if (open > 0) return;
          clearTimeout(next);
          const backoff = toBackoff(attempts);
          if (Date.now() + backoff >= deadline) giveUp();
          else next = setTimeout(attempt, backoff);
        },
      );
    };
    attempt();
  });
}

/** Exponential with full jitter, so that the users of a fault do not return as one. */
function toBackoff(attempts: number): number {
  const longest = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (attempts - 1));
  return longest * (0.5 + Math.random() / 2);
}
