import { type EventRef, type MessageRecord, type Outcome, toCounter } from "../protocol.ts";
import { type Mark, toMarks } from "./marks.ts";
import type { Place } from "./place.ts";
import type { Entry, Sending, Store, Story } from "./store.ts";

/** @returns a number with its noun: `1 message`, `1,200 messages` */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

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
  /** What the state's mark says: a status, a message, or the state's own name. */
  readonly label: string;
  /** Beside the mark, most telling first. */
  readonly notes: readonly Note[];
  /** Who called, where that is known. */
  readonly caller: string;
  /** The `event_id`, or the `order_id` where the caller left the other to the producer; empty for a batch. */
  readonly id: string;
  /** Until the answer; undefined where there is none. */
  readonly ms: number | undefined;
  /** What was sent, or arrived; see {@link toPreview}. */
  readonly body: string;
  readonly isWrong: boolean;
  readonly marks: readonly Mark[];
}

/** A few words. */
export interface Note {
  readonly text: string;
  /** Whether it is something to look at. */
  readonly isLoud: boolean;
}

const answered = new WeakMap<NonNullable<Entry["answer"]>, Row>();

/** @returns the line of a request */
export function toRequestRow(entry: Entry): Row {
  const known = entry.answer && answered.get(entry.answer);
  if (known) return known;
  const { request, answer, sendings } = entry;
  const { events } = request;
  const outcomes = answer?.outcomes ?? [];
  const refused = outcomes.filter(({ status }) => status >= 400);
  const codes = [...new Set(refused.map(({ code }) => code))].filter(Boolean);
  const isBatch = events.length > 1;
  const isPartly = isBatch && refused.length < events.length && refused.length > 0;
  const bad = isPartly ? `${refused.length} of ${events.length}: ` : "";
  const [{ id: sent = "", order = "" } = {}] = events;
  const id = sent || outcomes[0]?.id;
  const row: Row = {
    key: `r${request.request}`,
    place: !isBatch && id && !request.isDry ? { kind: "event", id } : { kind: "request", number: request.request },
    at: request.at,
    function: request.function,
    title: toTitle(events, request.method, request.path),
    user: toUsers(events),
    state: answer ? toState(answer.status, refused.length > 0) : "in flight",
    label: answer ? String(answer.status || "gone") : "…",
    notes: [
      ...toNotes(bad + (codes.join(", ") || answer?.code || "")),
      ...(request.isDry ? toNotes("only checked") : []),
      ...toWarnings(outcomes.reduce((sum, { warnings }) => sum + warnings, 0)),
      ...toAttempts(Math.max(0, ...sendings.map(({ attempts }) => attempts.length)), isBatch ? "up to " : ""),
    ],
    caller: toCaller(request),
    id: isBatch ? "" : sent || order || id || "",
    ms: answer?.ms,
    body: request.body,
    isWrong: false,
    marks: toMarks(answer, outcomes, sendings),
  };
  // With its answer, all of it is known.
  if (answer) answered.set(answer, row);
  return row;
}

/** @returns the line of the messages that share an `event_id`; of a message without one its own */
export function toMessageRow(message: MessageRecord, story: Story | undefined): Row {
  const { event_type = "—", event_id: id = "", payload_faults = "", caller = "" } = message.attributes;
  const copies = story?.messages.length ?? 1;
  return {
    key: `m${message.seq}`,
    place: id ? { kind: "event", id } : { kind: "message", number: message.seq },
    at: message.at,
    function: message.function,
    title: event_type,
    user: message.user || message.orderingKey,
    state: payload_faults ? "unsure" : "arrived",
    label: `message ${message.messageId}`,
    notes: [
      ...(copies > 1 ? toNotes(`${copies} messages under this id`, true) : []),
      ...toNotes(payload_faults && `payload faults: ${payload_faults}`, true),
    ],
    caller,
    id,
    ms: undefined,
    body: message.body,
    isWrong: false,
    marks: [],
  };
}

/** @returns the lines of one user's events, each as it was sent, in order of acceptance */
export function toLane(store: Store, user: string): { readonly row: Row; readonly sending: Sending }[] {
  const sendings = store.entries.flatMap((entry) =>
    entry.sendings.filter(({ index }) => entry.request.events[index]?.user === user),
  );
  const isWrong = findDisorder(store, sendings);
  return sendings.map((sending) => {
    const { entry, index, attempts } = sending;
    const event = entry.request.events[index];
    const story = storyOf(store, sending);
    const outcome = entry.answer?.outcomes[index];
    const state = toLaneState(sending);
    const isUnanswered = entry.answer?.status === 0;
    const answer = state === "refused" || state === "failed" ? `${outcome?.status || ""} ${outcome?.code ?? ""}` : "";
    const row: Row = {
      ...toRequestRow(entry),
      key: `e${entry.request.request}.${index}`,
      place: story ? { kind: "event", id: story.id } : { kind: "request", number: entry.request.request },
      title: event?.type || "(no type)",
      user,
      state,
      label: state !== "arrived" ? state : outcome?.messageId ? `message ${outcome.messageId}` : "accepted",
      notes: [
        ...toNotes(isUnanswered ? "caller gone" : answer.trim()),
        ...toWarnings(outcome?.warnings),
        ...toAttempts(attempts.length),
        ...toNotes(describeTopic(story, outcome)),
      ],
      id: event?.id || event?.order || story?.id || "",
      isWrong: isWrong.has(sending),
      marks: toMarks(entry.answer, outcome ? [outcome] : [], [sending]),
    };
    return { row, sending };
  });
}

function toNotes(text: string, isLoud = false): Note[] {
  return text === "" ? [] : [{ text, isLoud }];
}

function toWarnings(number = 0): Note[] {
  return number > 0 ? toNotes(count(number, "warning"), true) : [];
}

/** One attempt is what everybody expects. */
function toAttempts(number: number, prefix = ""): Note[] {
  return number > 1 ? toNotes(prefix + count(number, "attempt"), true) : [];
}

/** What is on the topic under the id of a sending, where that is not its own message alone. */
function describeTopic(story: Story | undefined, outcome: Outcome | undefined): string {
  const [message, ...others] = story?.messages ?? [];
  if (!message || (others.length === 0 && message.messageId === outcome?.messageId)) return "";
  if (others.length === 0) return `on the topic: message ${message.messageId}`;
  return `on the topic: ${others.length + 1} messages`;
}

/** As the functions of the local stack read it. */
function toCaller({ headers }: Entry["request"]): string {
  const [, value = ""] = headers.find(([name]) => name.toLowerCase() === "pulsecart-caller") ?? [];
  return /^[a-z0-9-]{1,64}$/.test(value) ? value : "";
}

function storyOf(store: Store, { entry, index }: Sending): Story | undefined {
  return store.storyOf(entry.answer?.outcomes[index]?.id || entry.request.events[index]?.id || "");
}

function toLaneState({ entry: { answer }, index, attempts }: Sending): State {
  const status = answer?.outcomes[index]?.status ?? answer?.status;
  if (status !== undefined) {
    const counter = toCounter(status);
    return counter === "accepted" ? "arrived" : counter;
  }
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
    const { request, answer } = sending.entry;
    const message = storyOf(store, sending)?.messages[0];
    // A refused one has nothing to do with what another sending of its id led to.
    const outcome = answer?.outcomes[sending.index];
    if (outcome && (toCounter(outcome.status) === "refused" || isOthers(message, outcome))) continue;
    // Of an event that was sent again, only the sending counts that it was delivered by: the last one before.
    if (!message || message.seq < request.seq || delivered.has(message)) continue;
    delivered.add(message);
    const isLater = earliest.request === request.request || earliest.at - request.at > RACE_MS;
    if (message.seq > earliest.seq && isLater) wrong.add(sending);
    if (message.seq < earliest.seq) earliest = { seq: message.seq, request: request.request, at: request.at };
  }
  return wrong;
}

function isOthers(message: MessageRecord | undefined, { messageId }: Outcome): boolean {
  return messageId !== "" && messageId !== message?.messageId;
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

/** The inside of a payload, as far as it goes: texts, and objects without others in them. */
const INSIDE = /"payload"\s*:\s*(?:\{((?:[^{}"]|"(?:\\.|[^"\\])*"?|\{(?:[^{}"]|"(?:\\.|[^"\\])*"?)*\}?)*)|([^,}]*))/;

/** @returns the beginning of what distinguishes one event from the next: what stands in its payload */
export function toPreview(body: string): string {
  const start = Math.max(body.indexOf('"payload"'), 0);
  const text = body.slice(start, start + 200);
  const [, members, other = text] = INSIDE.exec(text) ?? [];
  return (members ?? other).replace(/\s+/g, " ").trim();
}
