import type { EventRef, MessageRecord } from "../protocol.ts";
import { toCounter } from "../protocol.ts";
import type { Place } from "./place.ts";
import type { Entry, Sending, Store, Story } from "./store.ts";

/** How an event, or a request, is doing; also the name of its colour. */
export type State = "waiting" | "in flight" | "retrying" | "arrived" | "accepted" | "refused" | "failed" | "unsure";

/** One line of the list. */
export interface Row {
  readonly key: string;
  readonly place: Place;
  readonly at: number;
  readonly function: string;
  readonly title: string;
  readonly user: string;
  readonly state: State;
  /** What the state's mark says: a status, or the state's own name. */
  readonly label: string;
  /** Beside the mark: a code, a number of faults. */
  readonly note: string;
  /** Messages under one `event_id`. */
  readonly copies: number;
  /** Beginning of what distinguishes it from the next. */
  readonly preview: string;
  readonly isWrong: boolean;
}

/** @returns the line of a request */
export function toRequestRow({ request, answer }: Entry): Row {
  const { events } = request;
  const refused = answer?.outcomes.filter(({ status }) => status >= 400) ?? [];
  const codes = [...new Set(refused.map(({ code }) => code))].filter(Boolean);
  const isBatch = events.length > 1;
  const bad =
    isBatch && refused.length < events.length && refused.length > 0 ? `${refused.length} of ${events.length}: ` : "";
  const id = events[0]?.id || answer?.outcomes[0]?.id;
  return {
    key: `r${request.request}`,
    place: !isBatch && id ? { kind: "event", id } : { kind: "request", number: request.request },
    at: request.at,
    function: request.function,
    title: toTitle(events, request.method, request.path),
    user: toUsers(events),
    state: answer ? toState(answer.status, refused.length > 0) : "in flight",
    label: answer ? String(answer.status || "gone") : "…",
    note: bad + (codes.join(", ") || answer?.code || ""),
    copies: 0,
    preview: toPreview(request.body),
    isWrong: false,
  };
}

/** @returns the line of the messages that share an `event_id`; of a message without one its own */
export function toMessageRow(message: MessageRecord, story: Story | undefined): Row {
  const { event_type = "—", event_id: id, payload_faults = "" } = message.attributes;
  return {
    key: `m${message.seq}`,
    place: id ? { kind: "event", id } : { kind: "message", number: message.seq },
    at: message.at,
    function: message.function,
    title: event_type,
    user: message.user || message.orderingKey,
    state: payload_faults ? "unsure" : "arrived",
    label: message.messageId,
    note: payload_faults && `faults: ${payload_faults}`,
    copies: story?.messages.length ?? 1,
    preview: toPreview(message.body),
    isWrong: false,
  };
}

/** @returns the lines of one user's events, in order of acceptance */
export function toLane(store: Store, user: string): { readonly row: Row; readonly sending: Sending }[] {
  const sendings = store.entries.flatMap((entry) =>
    entry.request.events.flatMap((event, index) => (event.user === user ? [{ entry, index }] : [])),
  );
  const isWrong = findDisorder(store, sendings);
  return sendings.map((sending) => {
    const { entry, index } = sending;
    const story = storyOf(store, sending);
    const outcome = entry.answer?.outcomes[index];
    const state = toLaneState(sending, story);
    const row: Row = {
      ...toRequestRow(entry),
      key: `e${entry.request.request}.${index}`,
      place: story ? { kind: "event", id: story.id } : { kind: "request", number: entry.request.request },
      title: entry.request.events[index]?.type || "(no type)",
      user,
      state,
      label: state === "arrived" ? `message ${story?.messages[0]?.messageId}` : state,
      note: outcome?.code || retriesOf(story),
      copies: story?.messages.length ?? 0,
      isWrong: isWrong.has(sending),
    };
    return { row, sending };
  });
}

function retriesOf(story: Story | undefined): string {
  const failed = [...(story?.attempts.values() ?? [])].filter(({ status }) => status !== "OK" && status !== "");
  return failed.length > 0 ? `after ${failed.map(({ status }) => status).join(", ")}` : "";
}

function storyOf(store: Store, { entry, index }: Sending): Story | undefined {
  return store.storyOf(entry.request.events[index]?.id || entry.answer?.outcomes[index]?.id || "");
}

function toLaneState({ entry, index }: Sending, story: Story | undefined): State {
  if (story && story.messages.length > 0) return "arrived";
  const status = entry.answer?.outcomes[index]?.status ?? entry.answer?.status;
  if (status !== undefined) return toCounter(status);
  const attempts = [...(story?.attempts.values() ?? [])];
  if (attempts.some((attempt) => attempt.status !== "" && attempt.status !== "OK")) return "retrying";
  return attempts.length > 0 ? "in flight" : "waiting";
}

/** Two requests that come together race each other to the function: which of them was accepted first, nobody sees here. */
const RACE_MS = 50;

/** @returns the events that were first delivered after one that was accepted later */
function findDisorder(store: Store, sendings: readonly Sending[]): ReadonlySet<Sending> {
  const wrong = new Set<Sending>();
  const delivered = new Set<MessageRecord>();
  let earliest = { seq: Number.POSITIVE_INFINITY, request: -1, at: Number.POSITIVE_INFINITY };
  for (const sending of sendings.toReversed()) {
    const { request } = sending.entry;
    const message = storyOf(store, sending)?.messages[0];
    // Of an event that was sent again, only the sending counts that it was delivered by: the last one before.
    if (!message || message.seq < request.seq || delivered.has(message)) continue;
    delivered.add(message);
    const isLater = earliest.request === request.request || earliest.at - request.at > RACE_MS;
    if (message.seq > earliest.seq && isLater) wrong.add(sending);
    if (message.seq < earliest.seq) earliest = { seq: message.seq, request: request.request, at: request.at };
  }
  return wrong;
}

function toState(status: number, hasRefused: boolean): State {
  if (status === 0) return "failed";
  const counter = toCounter(status);
  return counter === "accepted" && hasRefused ? "refused" : counter;
}

function toTitle(events: readonly EventRef[], method: string, path: string): string {
  if (events.length === 0) return `${method} ${path}`;
  const types = [...new Set(events.map(({ type }) => type || "(no type)"))];
  const names = types.length > 2 ? `${types.slice(0, 2).join(", ")} …` : types.join(", ");
  return events.length > 1 ? `${events.length} × ${names}` : names;
}

function toUsers(events: readonly EventRef[]): string {
  const users = [...new Set(events.map(({ user }) => user).filter(Boolean))];
  return users.length > 1 ? `${users.length} users` : (users[0] ?? "");
}

/** What distinguishes one event from the next stands in its payload, behind what the row shows anyway. */
function toPreview(body: string): string {
  const payload = Math.max(body.indexOf('"payload"'), 0);
  return body
    .slice(payload, payload + 200)
    .replace(/^"payload"\s*:\s*/, "")
    .replace(/\s+/g, " ");
}
