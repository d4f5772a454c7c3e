import type { FieldError, RefusedError, UnavailableError } from "./errors.ts";
import type { EventOf, EventType, FunctionName } from "./events.ts";

/** Any event that the producer takes. Members that its type does not name are free. */
export type PulseCartEvent = { [TType in EventType]: EventOf<TType> }[EventType];

/** An event of the type that its own `event_type` says: the compiler's complaint is of that type alone, not of all. */
type EventOfType<TType extends EventType> = { readonly event_type: TType } & EventOf<TType>;

/** An event that Pub/Sub has acknowledged. */
export interface Accepted {
  readonly event_id: string;
  readonly message_id: string;
  /** What of the payload breaks its schema; the event was published all the same. */
  readonly warnings?: readonly FieldError[];
}

/** What became of one event of `sendAll`. */
export type SendResult =
  | (Accepted & { readonly error?: undefined })
  | { readonly error: RefusedError | UnavailableError };

/** What we need of an `AbortSignal`: this way the types need neither DOM nor Node's. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

export interface SendOptions {
  /** Ends the waiting with an `AbortError`. */
  readonly signal?: AbortSignalLike | undefined;
  /** Milliseconds until `UnavailableError`, all attempts together; the client's `timeoutMs` unless given. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Gives the ID token for a function.
 *
 * @param url the function's URL: the token's audience, and the one place that it is sent to
 * @param refused the token that was just answered with 401, where there is one: give another
 * @returns undefined where no token is needed
 */
export type TokenSource = (url: string, refused?: string) => string | undefined | Promise<string | undefined>;

export interface ClientOptions {
  /** The functions' own URLs; those that the caller does not send to can be left out. */
  readonly urls?: { readonly [TName in FunctionName]?: string | undefined } | undefined;
  /** A front with the functions below it, as `/commerce` and so on; `urls` come first. */
  readonly baseUrl?: string | undefined;
  /** Asked before each attempt; see `googleIdToken`. */
  readonly token?: TokenSource | undefined;
  /** Whether bodies are compressed. */
  readonly gzip?: boolean | undefined;
  /** Milliseconds for one event, all attempts together; 60,000 unless given. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds for one attempt; 15,000 unless given. The producer itself gives up after 10,000. */
  readonly attemptTimeoutMs?: number | undefined;
}

/** Sends events, again where that helps. One user's events are never in two of its requests at once. */
export interface Client {
  /**
   * Sends one event.
   *
   * @returns after Pub/Sub has acknowledged it
   * @throws RefusedError, UnavailableError, AbortError
   */
  send<TType extends EventType>(event: EventOfType<TType>, options?: SendOptions): Promise<Accepted>;
  /**
   * Sends many events, in as few requests as the producer's limits allow; one user's arrive in order.
   *
   * @returns a result for each event, in order
   * @throws AbortError when the signal aborts, whatever has been accepted by then
   */
  sendAll(events: readonly PulseCartEvent[], options?: SendOptions): Promise<SendResult[]>;
}

export interface SenderOptions {
  /** Milliseconds that an event waits for company; 50 unless given. */
  readonly maxDelayMs?: number | undefined;
  /** Events of one batch, at most 1,000; 100 unless given. */
  readonly maxEvents?: number | undefined;
  /** Bytes of one batch, at most 10 MiB; 1 MiB unless given. A larger event goes alone. */
  readonly maxBytes?: number | undefined;
  /** Events that may be under way at once; further ones wait, see `ready`. 1,000 unless given. */
  readonly maxPending?: number | undefined;
}

/** Gathers single events into batches. */
export interface Sender {
  /**
   * Sends one event with others that come within `maxDelayMs`.
   *
   * @returns as soon as its own outcome is known, whatever becomes of the others
   * @throws RefusedError, UnavailableError, AbortError; Error after `close`
   */
  send<TType extends EventType>(event: EventOfType<TType>, options?: SendOptions): Promise<Accepted>;
  /** Waits until another event can be under way: for callers that do not wait for each outcome. */
  ready(): Promise<void>;
  /** Sends at once what is gathered. @returns when every event given so far has its outcome */
  flush(): Promise<void>;
  /** Takes no more events. @returns as `flush` does */
  close(): Promise<void>;
}
