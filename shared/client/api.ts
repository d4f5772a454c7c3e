import type { FieldError, LastAnswer, SendError } from "./errors.ts";
import type { EventOfType, PulseCartEvent } from "./event-unions.ts";
import type { EventType, FunctionName } from "./events.ts";

declare global {
  // As Node's own types and TypeScript's `esnext.disposable` have it: callers need neither.
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol;
  }
}

/** An event that Pub/Sub has acknowledged. */
export interface Accepted {
  readonly event_id: string;
  readonly message_id: string;
  /** What of the payload breaks its schema; the event was published all the same. */
  readonly warnings?: readonly FieldError[];
  /** How many faults `warnings` leaves out. */
  readonly warnings_omitted?: number;
}

/** What became of one event of `sendAll`. */
export type SendResult =
  | (Accepted & { readonly error?: undefined })
  | { readonly event_id: string; readonly error: SendError };

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
  /** Milliseconds until `UnavailableError`, from the call, in `sendAll` from an event's first attempt; else the client's. */
  readonly timeoutMs?: number | undefined;
  /** The W3C trace context, where no instrumentation of `fetch` sends one; of a batch, where all events have the same one. */
  readonly traceparent?: string | undefined;
}

/** How long to wait. */
export type WaitOptions = Pick<SendOptions, "timeoutMs" | "signal">;

/**
 * Gives the ID token for a function by its URL, or undefined where none is needed. `refused` is the one that was just
 * answered with 401: give another.
 */
export type TokenSource = (url: string, refused?: string) => string | undefined | Promise<string | undefined>;

/** What we need of `fetch`. */
// biome-ignore lint/suspicious/noExplicitAny: fetch's own types are of DOM or Node, and neither need be there.
export type Fetch = (url: string, init: any) => Promise<any>;

/** A request whose events are sent again, and what its answer said: undefined where there was none, see `cause`. */
export interface Retry extends LastAnswer {
  readonly function: FunctionName;
  readonly event_ids: readonly string[];
  /** Of the first of them, so far. */
  readonly attempts: number;
  /** Until they are sent again. */
  readonly delayMs: number;
  readonly cause: unknown;
}

export interface ClientOptions {
  /** The functions' own URLs; those that the caller does not send to can be left out. */
  readonly urls?: { readonly [TName in FunctionName]?: string | undefined } | undefined;
  /** A front with the functions below it, as `/commerce` and so on; `urls` come first. */
  readonly baseUrl?: string | undefined;
  /** Asked before each attempt; see `googleIdToken`. */
  readonly token?: TokenSource | undefined;
  /** Headers for what stands between us and the function, such as a gateway. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Whether bodies are compressed. */
  readonly gzip?: boolean | undefined;
  /** Milliseconds for one event, all attempts together; 60,000 unless given. Infinity: no limit. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds for one attempt; 15,000 unless given. The producer itself gives up after 10,000. */
  readonly attemptTimeoutMs?: number | undefined;
  /** Requests to one function at once; 64 unless given. */
  readonly maxRequests?: number | undefined;
  /** Told of each event of `add` that is not accepted. Without it there is a line on stderr. */
  readonly onError?: ((error: SendError, event: PulseCartEvent) => void) | undefined;
  /** Told of each request whose events are sent again. */
  readonly onRetry?: ((retry: Retry) => void) | undefined;
  /** False: nothing is sent, and every event counts as accepted. */
  readonly enabled?: boolean | undefined;
  /** Used in place of the global `fetch`: for proxies, client certificates, mocks. */
  readonly fetch?: Fetch | undefined;
}

/** Sends events, again where that helps. One user's events go one after the other, in the order in which they were given. */
export interface Client {
  /**
   * Sends one event.
   *
   * @returns after Pub/Sub has acknowledged it
   * @throws RefusedError, UnavailableError, AbortError; TypeError for options that are none
   */
  send<TType extends EventType>(event: EventOfType<TType>, options?: SendOptions): Promise<Accepted>;
  /**
   * Sends many events, in as few requests as the producer's limits and the users' order allow.
   *
   * @returns a result for each event, in order, also when the signal aborts
   * @throws TypeError for options that are none
   */
  sendAll(events: readonly PulseCartEvent[], options?: SendOptions): Promise<SendResult[]>;
  /** Makes a sender whose events keep their order among the others: for `createSender`, which takes any client. */
  sender?(options?: SenderOptions): Sender;
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
  /** Bytes of events that may be under way at once; 64 MiB unless given. */
  readonly maxPendingBytes?: number | undefined;
}

/** Gathers single events into batches. */
export interface Sender {
  /**
   * Sends one event with others that come within `maxDelayMs`.
   *
   * @returns as soon as its own outcome is known, whatever becomes of the others
   * @throws RefusedError, UnavailableError (also after `close`), AbortError; TypeError for options that are none
   */
  send<TType extends EventType>(event: EventOfType<TType>, options?: SendOptions): Promise<Accepted>;
  /** Sends one event like `send`, for callers that do not wait: what is not accepted goes to the client's `onError`. */
  add<TType extends EventType>(event: EventOfType<TType>, options?: SendOptions): void;
  /** Waits until another event can be under way: so the memory of callers that do not wait for outcomes has a bound. */
  ready(): Promise<void>;
  /** Sends at once what is gathered. @returns when every event given so far has its outcome, or the waiting ends */
  flush(options?: WaitOptions): Promise<void>;
  /**
   * Takes no more events, and sends at once what is gathered.
   *
   * @returns when every event has its outcome: those that have none when the waiting ends get an `UnavailableError`
   */
  close(options?: WaitOptions): Promise<void>;
  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void>;
}
