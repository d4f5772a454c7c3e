import type { AttemptRecord, LogRecord, MessageRecord } from "../protocol.ts";
import type { Place } from "./place.ts";
import type { Entry, Store, Story } from "./store.ts";

/** In place of an event's place in its batch: what is shown is the batch as a whole. */
export const WHOLE = -1;

/** One thing on a time line. */
export type Step = { readonly key: string; readonly at: number } & (
  | { readonly kind: "request"; readonly entry: Entry; readonly index: number }
  | { readonly kind: "answer"; readonly entry: Entry; readonly index: number }
  | { readonly kind: "attempt"; readonly attempt: AttemptRecord; readonly number: number }
  | { readonly kind: "log"; readonly log: LogRecord }
  /** Messages with the same bytes and attributes, one after the other: duplicates of each other. */
  | { readonly kind: "message"; readonly message: MessageRecord; readonly copies: number }
);

/** @returns what is known of an event, a request or a message, in order of time; nothing where it is not known */
export function toSteps(store: Store, place: Place): Step[] {
  if (place.kind === "event") {
    const story = store.storyOf(place.id);
    return story ? sort(toStorySteps(story)) : [];
  }
  if (place.kind === "message") {
    const message = store.messages.find(({ seq }) => seq === place.number);
    return message ? [{ key: `m${message.seq}`, at: message.at, kind: "message", message, copies: 1 }] : [];
  }
  const entry = store.entryOf(place.number);
  return entry ? sort(toEntrySteps(entry, entry.request.events.length > 1 ? WHOLE : 0)) : [];
}

function toStorySteps({ sendings, attempts, messages, logs }: Story): Step[] {
  return [
    ...sendings.flatMap(({ entry, index }) => toEntrySteps(entry, index)),
    ...attempts.map(
      (attempt, index): Step => ({
        key: `a${attempt.attempt}`,
        at: attempt.at,
        kind: "attempt",
        attempt,
        number: index + 1,
      }),
    ),
    ...logs.map((log): Step => ({ key: `l${log.seq}`, at: log.at, kind: "log", log })),
    ...fold(messages),
  ];
}

function toEntrySteps(entry: Entry, index: number): Step[] {
  const { request, answer } = entry;
  const key = `${request.request}.${index}`;
  const steps: Step[] = [{ key: `r${key}`, at: request.at, kind: "request", entry, index }];
  if (answer) steps.push({ key: `w${key}`, at: answer.at, kind: "answer", entry, index });
  return steps;
}

function fold(messages: readonly MessageRecord[]): Step[] {
  const groups = Map.groupBy(messages, ({ body, topic }) => `${topic} ${body}`);
  return [...groups.values()].map((group): Step => {
    const [message] = group as [MessageRecord];
    return { key: `m${message.seq}`, at: message.at, kind: "message", message, copies: group.length };
  });
}

/** By the causes where the clock cannot tell: a publish call begins before its message arrives, and ends after. */
function sort(steps: Step[]): Step[] {
  const order = ["request", "attempt", "message", "log", "answer"];
  return steps.sort((a, b) => a.at - b.at || order.indexOf(a.kind) - order.indexOf(b.kind));
}
