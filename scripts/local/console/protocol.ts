// What the local stack and its console's page say to each other: types alone, and the names of faults.

/** A message that reached a topic. */
export interface ConsoleMessage {
  /** Counts the messages of one run of the stack. */
  readonly seq: number;
  /** Name of the function that publishes to the topic. */
  readonly function: string;
  readonly topic: string;
  readonly messageId: string;
  readonly orderingKey: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** The user that the event names; empty where it is no event. */
  readonly userId: string;
  /** The body as text; of a long one the beginning. */
  readonly body: string;
  /** Length of the whole body. */
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly publishTime: number;
}

/** A request that a function answered. */
export interface ConsoleAnswer {
  readonly function: string;
  readonly status: number;
  /** From the request's arrival at the front to the end of the answer. */
  readonly ms: number;
}

/** What became of the requests of one function since the stack was started, and how many messages arrived. */
export interface Counts {
  /** Answered 2xx. */
  readonly accepted: number;
  /** Answered 4xx. */
  readonly refused: number;
  /** Answered 5xx. */
  readonly failed: number;
  readonly arrived: number;
}

/** First on every connection. */
export interface Hello {
  /** Names this run of the stack: with another one, whatever the page holds is of the past. */
  readonly run: string;
  readonly project: string;
  readonly broker: "external" | "emulator" | "embedded";
  readonly fault: FaultName;
  readonly counts: Readonly<Record<string, Counts>>;
}

/** What has happened since the last one. */
export interface Frame {
  readonly messages: readonly ConsoleMessage[];
  readonly answers: readonly ConsoleAnswer[];
  /** Messages that the page did not keep up with. */
  readonly skipped: number;
  readonly fault: FaultName;
}

/** What the embedded Pub/Sub server can be told to do to every publish, in the words of the switch. */
export const faultNames = {
  none: "works",
  slow: "answers after 2 s",
  unavailable: "is unavailable",
  quota: "is over quota",
  denied: "denies permission",
  silent: "never answers",
  lost: "stores, but its answers get lost",
} as const;

export type FaultName = keyof typeof faultNames;

/** @returns the counter of {@link Counts} that an answer with this status goes to */
export function toCounter(status: number): "accepted" | "refused" | "failed" {
  if (status < 400) return "accepted";
  return status < 500 ? "refused" : "failed";
}
