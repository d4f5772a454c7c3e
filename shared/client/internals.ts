import type { Client, PulseCartEvent, SendOptions } from "./api.ts";
import type { BatchLimits, Entry } from "./entry.ts";

/** What a sender needs of the client that it sends through, and callers do not see. */
export interface Internals {
  /** Takes events of one call on: their time begins. Those that cannot be sent have their outcome already. */
  begin(events: readonly PulseCartEvent[], limits: BatchLimits | undefined, options?: SendOptions): Entry[];
  /** Sends them, in order. */
  submit(entries: readonly Entry[]): void;
}

const internalsOf = new WeakMap<Client, Internals>();

export function setInternals(client: Client, internals: Internals): void {
  internalsOf.set(client, internals);
}

/** @throws TypeError when the client is not made by `createClient` */
export function getInternals(client: Client): Internals {
  const internals = internalsOf.get(client);
  if (internals === undefined) throw new TypeError("createSender needs a client of createClient.");
  return internals;
}
