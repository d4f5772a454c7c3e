import type { Authorization } from "./grpc/client.ts";
import { CallError, Status } from "./grpc/status.ts";
import type { Token } from "./grpc/token.ts";

/** A token is renewed that long before it ends: the metadata server does not have a new one sooner. */
const EARLY_MS = 5 * 60 * 1000;

/** How often a renewal is tried again while the old token is still good. */
const RENEWAL_MS = 10_000;

/** How long a token or a failure counts as news: refusals and requests of many calls come at once. */
const NEWS_MS = 250;

/**
 * Keeps the token of the function's account. It is renewed in the background and used to its end: while the metadata server
 * is away, nothing waits for it as long as the token is good. Without timers, as the CPU is there only during requests.
 */
export class Credentials {
  readonly #fetch: () => Promise<Token>;
  readonly #limitMs: number;
  #authorization: Authorization | undefined;
  /** Milliseconds of `performance.now()`, as below: a clock that is set must not end or prolong a token. */
  #endsAt = 0;
  #renewAt = 0;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #fetching: Promise<Authorization> | undefined;

  /**
   * @param fetch gets a new token
   * @param limitMs how long to wait for it before asking again: what hangs once may hang for ever
   */
  constructor(fetch: () => Promise<Token>, limitMs: number) {
    this.#fetch = fetch;
    this.#limitMs = limitMs;
  }

  /**
   * @returns the headers that show the token; the same object while it is the same token
   * @throws {CallError} UNAUTHENTICATED when there is none
   */
  get(): Authorization | Promise<Authorization> {
    const now = performance.now();
    if (this.#authorization === undefined || now >= this.#endsAt) return this.#renew(now);
    if (now >= this.#renewAt) {
      this.#renewAt = now + RENEWAL_MS;
      this.#renew(now).catch(() => {});
    }
    return this.#authorization;
  }

  /** Has the next call fetch a new token, when this one was refused. */
  forget(refused: Authorization): void {
    if (this.#authorization !== refused || performance.now() - this.#fetchedAt < NEWS_MS) return;
    this.#authorization = undefined;
  }

  /** One request at a time, and none right after one that failed. */
  #renew(now: number): Promise<Authorization> {
    if (this.#fetching) return this.#fetching;
    const fetching = this.#fetchWithinLimit(now);
    this.#fetching = fetching;
    const forget = () => {
      if (this.#fetching === fetching) this.#fetching = undefined;
    };
    fetching.then(forget, () => setTimeout(forget, NEWS_MS).unref());
    return fetching;
  }

  #fetchWithinLimit(startedAt: number): Promise<Authorization> {
    return new Promise((resolve, reject) => {
      // Retried like a token that was refused; and somebody has to look after it.
      const fail = (cause: unknown) => {
        const text = cause instanceof Error ? cause.message : String(cause);
        reject(new CallError(Status.UNAUTHENTICATED, `no token: ${text}`));
      };
      const timer = setTimeout(fail, this.#limitMs, new Error(`nobody answered within ${this.#limitMs} ms`));
      this.#fetch()
        // Also after the limit: a metadata server that is slow has a token in the end.
        .then(({ authorization, lifeMs }) => {
          const now = performance.now();
          this.#authorization = authorization;
          this.#fetchedAt = now;
          this.#endsAt = startedAt + lifeMs;
          this.#renewAt = Math.max(this.#endsAt - EARLY_MS, now + RENEWAL_MS);
          resolve(authorization);
        }, fail)
        .finally(() => clearTimeout(timer));
    });
  }
}
