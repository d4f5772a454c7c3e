import type { SubscriptionBacklog } from "../../pubsub/embedded/subscription.ts";

// What the local stack and its console's page say to each other: types, and tables that both read.

/** What one request says of one event. Empty where it says nothing, or nothing readable. */
export interface EventRef {
  readonly type: string;
  readonly user: string;
  readonly id: string;
  /** Its `order_id`. */
  readonly order: string;
}

/** A fault, or a warning, that an answer names. */
export interface NamedFault {
  /** Where it is in the body: of a batch with the place of the event. */
  readonly path: string;
  readonly message: string;
  /** Whether the event is accepted all the same. */
  readonly isWarning?: boolean;
}

/** What became of one event of a request. */
export interface Outcome {
  readonly status: number;
  readonly code: string;
  readonly id: string;
  /** The answer's own words, where it is a refusal. */
  readonly detail?: string;
  /** Of the message that it became. */
  readonly messageId: string;
  /** Faults first, then warnings. */
  readonly faults?: readonly NamedFault[];
  /** Number of its warnings, those that the answer leaves out among them. */
  readonly warnings: number;
}

interface Recorded {
  /** Counts the records of one run of the stack. */
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A request, once its body was read. */
export interface RequestRecord extends Recorded {
  readonly kind: "request";
  readonly request: number;
  readonly method: string;
  readonly path: string;
  /** Name of the function that it was passed to; empty where it reached none. */
  readonly function: string;
  /** Names and values, without credentials. */
  readonly headers: readonly (readonly [string, string])[];
  /** As text, inflated; of a long one the beginning. */
  readonly body: string;
  /** In one sentence why the text is not all that was sent; empty where it is. */
  readonly gap: string;
  /** Whether the page has only the beginning of what the recorder has. */
  readonly isCut?: boolean;
  /** Length of the whole body, as sent. */
  readonly bytes: number;
  /** Whether the body has one event a line. */
  readonly isLines: boolean;
  /** Of one event, or of a batch in its order. Empty for requests that carry none. */
  readonly events: readonly EventRef[];
  /** Whether its events are only checked: nothing is published. */
  readonly isDry: boolean;
}

/** The answer to a request. */
export interface AnswerRecord extends Recorded {
  readonly kind: "answer";
  readonly request: number;
  /** As in the request. */
  readonly function: string;
  /** 0 where the caller had gone. */
  readonly status: number;
  readonly code: string;
  readonly ms: number;
  readonly retryAfter: string;
  readonly body: string;
  readonly isCut?: boolean;
  /** One an event. */
  readonly outcomes: readonly Outcome[];
  /** As in the request. */
  readonly isDry: boolean;
}

/** A publish call of a function; a second record with the same number says how it ended. */
export interface AttemptRecord extends Recorded {
  readonly kind: "attempt";
  readonly attempt: number;
  readonly function: string;
  readonly ids: readonly string[];
  /** Of gRPC, such as `UNAVAILABLE`; empty while it is under way. */
  readonly status: string;
  readonly detail: string;
  readonly ms: number;
}

/** A line of a function's log. */
export interface LogRecord extends Recorded {
  readonly kind: "log";
  readonly function: string;
  readonly severity: string;
  readonly text: string;
  /** The `event_id` that it names; empty where it names none. */
  readonly id: string;
}

/** A message that reached a topic. */
export interface MessageRecord extends Recorded {
  readonly kind: "message";
  readonly function: string;
  readonly topic: string;
  readonly messageId: string;
  readonly orderingKey: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** The user that the event names; empty where it is no event. */
  readonly user: string;
  readonly body: string;
  readonly isCut?: boolean;
  readonly bytes: number;
}

export type ConsoleRecord = RequestRecord | AnswerRecord | AttemptRecord | LogRecord | MessageRecord;

/** A record before it has its number. */
export type Draft = ConsoleRecord extends infer T ? (T extends ConsoleRecord ? Omit<T, "seq"> : never) : never;

/** What became of the events that one function was asked to take, and how many messages reached its topic. */
export interface Counts {
  /** Answered 2xx. */
  readonly accepted: number;
  /** Answered 4xx. */
  readonly refused: number;
  /** Answered 5xx. */
  readonly failed: number;
  readonly messages: number;
}

/** What can be done to a function's publish calls, in the words of the menu. */
export const recipes = {
  none: "works",
  next3: "the next 3 publishes fail: UNAVAILABLE",
  fifth: "one publish in five fails: UNAVAILABLE",
  slow: "answers 3 s late",
  hang: "never answers",
  lost: "stores, but its answer is lost",
  denied: "denies permission",
  missing: "has lost the topic",
  dropped: "drops the connection",
} as const;

export type Recipe = keyof typeof recipes;

/** By function; those that work are absent. */
export type ActiveFaults = Readonly<Record<string, Recipe>>;

/** How far the consumers of a subscription are; see the embedded server, which alone tells. */
export type { SubscriptionBacklog };

/** First on every connection. */
export interface Hello {
  /** Names this run of the stack: with another one, whatever the page holds is of the past. */
  readonly run: string;
  readonly project: string;
  readonly broker: "external" | "emulator" | "embedded";
  /** `host:port` for PUBSUB_EMULATOR_HOST. */
  readonly pubsub: string;
}

/** What has happened since the last one. */
export interface Frame {
  readonly records: readonly ConsoleRecord[];
  /** The oldest record that the stack still has; the page forgets what is older. */
  readonly first: number;
  /** Whether the page has everything now. */
  readonly isComplete: boolean;
  /** By function. */
  readonly counts: Readonly<Record<string, Counts>>;
  readonly faults: ActiveFaults;
  readonly backlogs: readonly SubscriptionBacklog[];
  /** Changes when the page's own sources, the event types among them, have changed. */
  readonly page: string;
  /** Why the sources do not work now; empty when they do. */
  readonly buildError: string;
}

/** Of a longer body the page gets its beginning, and the whole when it is looked at. */
export const LONGEST_SENT = 2048;

/** @returns the counter of {@link Counts} that an answer with this status goes to */
export function toCounter(status: number): "accepted" | "refused" | "failed" {
  if (status >= 200 && status < 400) return "accepted";
  return status >= 400 && status < 500 ? "refused" : "failed";
}
