import type { Message } from "./codec.ts";
import { toNotAttempted } from "./failure.ts";

/** Messages whose order matters to one caller. */
export interface Group {
  hasFailed: boolean;
}

/** A message that waits for its acknowledgement. */
export interface Waiting {
  readonly message: Message;
  /** The messages that are given up when an earlier one of them fails: one user's in a batch. */
  readonly group: Group | undefined;
  /** Milliseconds since the epoch at which its budget is spent. */
  readonly deadline: number;
  readonly resolve: (messageId: string) => void;
  readonly reject: (failure: unknown) => void;
}

/** How much of one key's backlog shares a publish request. */
export interface BatchingLimits {
  readonly maxMessages: number;
  /** Bytes of data; a larger message goes alone. */
  readonly maxBytes: number;
}

/**
 * Keeps each ordering key's messages in order: one request of a key at a time.
 *
 * A key that is idle sends in the same turn of the event loop; what arrives while its request is under way goes into the next one, so waiting is
 * never for a timer. A request that fails fails its own messages only: the key's next ones go out right after, and
 * nothing of a key stays behind once it is idle.
 */
export class Lanes {
  readonly #backlogs = new Map<string, Waiting[]>();
  readonly #limits: BatchingLimits;
  readonly #send: (messages: readonly Message[], deadline: number) => Promise<readonly string[]>;

  /** @param send publishes messages of one ordering key in one request, by a deadline in ms since the epoch */
  constructor(
    limits: BatchingLimits,
    send: (messages: readonly Message[], deadline: number) => Promise<readonly string[]>,
  ) {
    this.#limits = limits;
    this.#send = send;
  }

  add(waiting: Waiting): void {
    const key = waiting.message.orderingKey;
    const backlog = this.#backlogs.get(key);
    if (backlog) {
      backlog.push(waiting);
      return;
    }
    this.#backlogs.set(key, [waiting]);
    void this.#run(key);
  }

  async #run(key: string): Promise<void> {
    // Not at once but after the code that is running: a batch's events of this key all go into the first request.
    await undefined;
    for (let next = this.#takeNext(key); next.length > 0; next = this.#takeNext(key)) await this.#sendBatch(next);
  }

  async #sendBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      // The first has waited longest: what is behind it in the lane cannot run out of its budget meanwhile.
      const messageIds = await this.#send(
        batch.map(({ message }) => message),
        (batch[0] as Waiting).deadline,
      );
      batch.forEach(({ resolve }, i) => {
        resolve(messageIds[i] as string);
      });
    } catch (failure) {
      for (const { group, reject } of batch) {
        if (group) group.hasFailed = true;
        reject(failure);
      }
    }
  }

  /** Takes what the next request may hold off the key's backlog; forgets a key that has none. */
  #takeNext(key: string): readonly Waiting[] {
    const backlog = this.#backlogs.get(key) as Waiting[];
    const batch: Waiting[] = [];
    let bytes = 0;
    let taken = 0;
    for (const waiting of backlog) {
      if (waiting.group?.hasFailed) {
        waiting.reject(toNotAttempted());
      } else {
        bytes += waiting.message.data.length;
        if (batch.length > 0 && (batch.length === this.#limits.maxMessages || bytes > this.#limits.maxBytes)) break;
        batch.push(waiting);
      }
      taken++;
    }
    backlog.splice(0, taken);
    if (batch.length === 0) this.#backlogs.delete(key);
    return batch;
  }
}
