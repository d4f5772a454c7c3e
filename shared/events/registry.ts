import type * as v from "valibot";
import { commerce } from "./commerce.ts";
import type { DefinedEvent, Domain } from "./domain.ts";
import { system } from "./system.ts";
import { userActions } from "./user-actions.ts";

/** Every domain by its function's name: the one place that a new domain is added to. */
export const domains = {
  "user-actions": userActions,
  commerce,
  system,
} as const satisfies Readonly<Record<string, Domain>>;

/** A function's name, under which it is deployed. */
export type FunctionName = keyof typeof domains;

/** All functions, in the registry's order. */
export const functionNames = Object.keys(domains) as readonly FunctionName[];

type EventSchemas = UnionToIntersection<(typeof domains)[FunctionName]["events"]>;
type UnionToIntersection<T> = (T extends unknown ? (_: T) => void : never) extends (_: infer R) => void ? R : never;

/** The names of all event types. */
export type EventType = keyof EventSchemas & string;

/** The shape of an event that its function accepts, by its type: `EventOf<"order.placed">`. */
export type EventOf<TType extends EventType> = v.InferInput<EventSchemas[TType]["schema"]>;

/** One event type and the domain that takes it. */
export interface Registered {
  readonly domain: Domain;
  readonly event: DefinedEvent;
}

// A Map, not an object: event types come from callers, and an object would find `constructor` and `__proto__` too.
const registered = new Map<string, Registered>(
  Object.values<Domain>(domains).flatMap((domain) =>
    Object.values(domain.events).map((event) => [event.type, { domain, event }] as const),
  ),
);

/**
 * Looks an event type up by a name that comes from a caller.
 *
 * @returns the event's definition and its domain, or undefined when no domain has such a type
 */
export function findEvent(type: string): Registered | undefined {
  return registered.get(type);
}
