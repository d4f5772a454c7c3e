import { PublishFailure, toNotAttempted } from "./failure.ts";
import type { Message } from "./grpc/codec.ts";

/** How much of one key's backlog shares a publish request: enough for any user's. */
const MAX_MESSAGES = 100;

/** Of data in one publish request; a larger message goes alone. */
const MAX_BYTES = 1024 * 1024;

/** What the messages of one batch share. */
export interface Batch {
  /** How many events it publishes. */
  readonly events: number;
  /** Users of whom a message has failed. */
  readonly failedUsers: Set<string>;
}

/** A message that waits for its acknowledgement. */
interface Waiting extends Message {
  readonly userId: string;
  /** The same object for all messages of one batch; see {@link Lanes}. */
  readonly batch: Batch | undefined;
  /** Milliseconds of `performance.now()` at which its budget is spent: a clock that is set must not change it. */
  readonly deadline: number;
  readonly resolve: (messageId: string) => void;
  readonly reject: (failure: unknown) => void;
}

/** Publishes messages of one ordering key in one request, by a deadline in milliseconds of `performance.now()`. */
type Send = (messages: readonly Waiting[], deadline: number) => Promise<readonly string[]>;

/** One ordering key's messages. */
interface Lane {
  /** Those of the request that is under way. */
  sending: readonly Waiting[];
  /** Those that wait for the next one. */
  readonly backlog: Waiting[];
}

/**
 * Keeps each ordering key's messages in order: one request of a key at a time.
 *
 * A key that is idle sends in the same turn of the event loop; what arrives while its request is under way goes into the
 * next one, so waiting is never for a timer. A request that fails fails its own messages only: the key's next ones go out
 * right after, and nothing of a key stays behind once it is idle. Only within a batch a user's later messages fail with an
 * earlier one: its caller has one answer for all, and must not find them published before that one is sent again.
 */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  add(waiting: Waiting): void {
    const key = waiting.orderingKey;
    const lane = this.#lanes.get(key);
    if (lane) {
      lane.backlog.push(waiting);
      return;
    }
    this.#lanes.set(key, { sending: [], backlog: [waiting] });
    // Not at once but after the code that is running: a batch's events of this key all go into the first request.
    queueMicrotask(() => this.#sendNext(key));
  }

  /** Fails all messages, as at the end of the process. */
  rejectAll(failure: unknown): void {
    for (const { sending, backlog } of this.#lanes.values()) {
      for (const { reject } of [...sending, ...backlog]) reject(failure);
    }
  }

  #sendNext(key: string): void {
    const lane = this.#lanes.get(key) as Lane;
    const batch = this.#takeNext(lane.backlog);
    // Also where nothing is left: a Map that grows leaves its old table to the garbage collector with the lanes of that time
    // in it, and the tables form a chain that only a major collection takes, with all messages that a lane still holds.
    lane.sending = batch;
    if (batch.length === 0) this.#lanes.delete(key);
    else void this.#sendBatch(batch).then(() => this.#sendNext(key));
  }

  /** Sends messages in one request and settles them; never rejects. */
  async #sendBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      // The first has waited longest: what is behind it in the lane cannot run out of its budget meanwhile.
      const messageIds = await this.#send(batch, (batch[0] as Waiting).deadline);
      for (let i = 0; i < batch.length; i++) batch[i]?.resolve(messageIds[i] as string);
    } catch (failure) {
      const isAboutOne = failure instanceof PublishFailure && failure.code === "publish_rejected";
      if (isAboutOne && batch.length > 1) await this.#sendSingly(batch);
      else {
        for (const { batch: whole, userId, reject } of batch) {
          whole?.failedUsers.add(userId);
          reject(failure);
        }
      }
    }
  }

  /** Sends messages of a refused request one by one, in order: Pub/Sub does not say which of them it refuses. */
  async #sendSingly(batch: readonly Waiting[]): Promise<void> {
    for (const waiting of batch) {
      if (isNotToBeAttempted(waiting)) waiting.reject(toNotAttempted());
      else await this.#sendBatch([waiting]);
    }
  }

  /** Takes what the next request may hold off a backlog. */
  #takeNext(backlog: Waiting[]): readonly Waiting[] {
    const batch: Waiting[] = [];
    let bytes = 0;
    let taken = 0;
    for (const waiting of backlog) {
      if (isNotToBeAttempted(waiting)) waiting.reject(toNotAttempted());
      else {
        bytes += waiting.data.length;
        if (batch.length > 0 && (batch.length === MAX_MESSAGES || bytes > MAX_BYTES)) break;
        batch.push(waiting);
      }
      taken++;
    }
    backlog.splice(0, taken);
    return batch;
  }
}

function isNotToBeAttempted({ batch, userId }: Waiting): boolean {
  return batch?.failedUsers.has(userId) === true;
}
