import type { Accepted } from "./api.ts";
import { type AbortError, type RefusedError, UnavailableError } from "./errors.ts";
import type { FunctionName } from "./events.ts";

export type Outcome = Accepted | { readonly error: RefusedError | UnavailableError | AbortError };

/** How large a batch an event may share. */
export interface BatchLimits {
  readonly events: number;
  readonly bytes: number;
}

/** An event on its way, from the call that gave it to its outcome. */
export class Entry {
  readonly eventId: string;
  /** Whose events stay in order: the `user_id`, or a symbol where it is none and the producer will say so. */
  readonly user: unknown;
  /** Undefined: it goes alone. */
  limits: BatchLimits | undefined;
  /** Absent from an event that was refused before it could be sent. */
  declare target: FunctionName;
  /** Its JSON, the same for every attempt. */
  body = new Uint8Array();
  isSettled = false;
  attempts = 0;
  lastStatus: number | undefined;
  /** Why the last attempt got no answer. */
  cause: unknown;
  /** When it is given up, by `performance.now()`. */
  deadline = 0;
  /** Tells the request that carries it that nobody waits any more. */
  onSettled: (() => void) | undefined;
  readonly outcome: Promise<Outcome>;
  #resolve: (outcome: Outcome) => void = () => {};

  constructor(eventId: string, user: unknown, limits: BatchLimits | undefined) {
    this.eventId = eventId;
    this.user = user;
    this.limits = limits;
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Sets the outcome; only the first one counts. */
  settle(outcome: Outcome): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.#resolve(outcome);
    this.onSettled?.();
  }

  /** Ends the attempts. */
  giveUp(): void {
    this.settle({ error: new UnavailableError(this.eventId, this.lastStatus, this.cause) });
  }
}

/** @throws the outcome's error */
export async function toAccepted({ outcome }: Entry): Promise<Accepted> {
  const known = await outcome;
  if ("error" in known) throw known.error;
  return known;
}
