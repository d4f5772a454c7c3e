import type { EventOf, EventType } from "./events.ts";

/** An event of the type that its own `event_type` says: the compiler's complaint is of that type alone, not of all. */
export type EventOfType<TType extends EventType> = { readonly event_type: TType } & EventOf<TType>;

/** Any event that the producer takes. */
export type PulseCartEvent = { [TType in EventType]: EventOf<TType> }[EventType];
