import type { EventOf, EventType } from "./events.ts";

/** What the Pub/Sub client for Node gives to a listener, or a push request in base64, as far as it is read. */
export interface PubSubMessage {
  readonly data?: Uint8Array | string | null | undefined;
  readonly attributes?: Readonly<Record<string, string>> | null | undefined;
}

/** The body of a push request, which is also the `data` of Eventarc's CloudEvent. */
export interface PushBody {
  readonly message?: PubSubMessage | undefined;
}

/** What every message says beside its event. */
interface About {
  /** The account that sent the event, or `person`; undefined where the platform does not check the callers. */
  readonly caller: string | undefined;
  /** On what a deployment sends to check itself. */
  readonly verification: string | undefined;
  /** On what was brought back from the dead letters. */
  readonly redriven: string | undefined;
  /** The event's JSON as it was sent: numbers have all their digits here. */
  readonly raw: string;
}

/** An event whose payload fits its schema. */
interface Fitting<TType extends EventType> extends About {
  readonly type: TType;
  readonly event: EventOf<TType> & { readonly event_id: string; readonly timestamp: string };
  readonly faults?: undefined;
}

/** An event whose payload breaks its schema at these paths, such as `payload.total`, and may hold anything. */
interface Faulty<TType extends EventType> extends About {
  readonly type: TType;
  readonly event: Omit<Fitting<TType>["event"], "payload"> & { readonly payload: unknown };
  readonly faults: readonly string[];
}

/** An event as it was read. Its payload has a type once `faults` is undefined. */
export type ReadEvent = { [TType in EventType]: Fitting<TType> | Faulty<TType> }[EventType];

/**
 * Reads an event from a message of the producer's.
 *
 * @param message what the Pub/Sub client gives to a listener, the body of a push request, or Eventarc's CloudEvent
 * @returns the event; of a type that a later producer has added, `type` is none of those that this package knows
 * @throws TypeError for what is no message of the producer's
 */
export function readEvent(message: PubSubMessage | PushBody | { readonly data?: PushBody | undefined }): ReadEvent {
  const given = Object(message);
  const { data, attributes }: PubSubMessage = given.message ?? given.data?.message ?? given;
  const { event_type: type, payload_faults, caller, verification, redriven } = attributes ?? {};
  if (!type || !data) throw new TypeError("This is no message of the producer's: it lacks data, or event_type.");
  const bytes = typeof data === "string" ? Uint8Array.from(atob(data), (char) => char.charCodeAt(0)) : data;
  const raw = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  const faults = payload_faults?.split(" ");
  return { type, event: JSON.parse(raw), faults, caller, verification, redriven, raw } as ReadEvent;
}
