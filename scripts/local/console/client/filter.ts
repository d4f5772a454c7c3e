import { type MessageRecord, toCounter } from "../protocol.ts";
import { type Mark, marks, toStatuses } from "./marks.ts";
import { type Row, toLane, toMessageRow, toRequestRow } from "./rows.ts";
import type { Entry, Store } from "./store.ts";

/** What the list shows; an empty member does not matter. */
export interface Filter {
  readonly view: "requests" | "messages";
  readonly function: string;
  readonly type: string;
  /** A status, or one of `open`, `accepted`, `refused`, `failed`. */
  readonly status: string;
  readonly code: string;
  readonly mark: Mark | "";
  /** A part of a user's id; one that is whole shows the user's lane. */
  readonly user: string;
  /** Anything that stands in a body, an id, a path. */
  readonly text: string;
}

/** Leaves nothing out, whatever the view. */
export const everything: Omit<Filter, "view"> = {
  function: "",
  type: "",
  status: "",
  code: "",
  mark: "",
  user: "",
  text: "",
};

export const noFilter: Filter = { view: "requests", ...everything };

/** Whether anything is left out. */
export function isFiltering({ view: _, ...others }: Filter): boolean {
  return Object.values(others).some((value) => value !== "");
}

/** Whether the filter names one user of whom there are events. */
export function isLane(store: Store, { view, user }: Filter): boolean {
  return (
    view === "requests" &&
    user !== "" &&
    store.entries.some(({ request }) => !request.isDry && request.events.some((event) => event.user === user))
  );
}

/** The lines that pass a filter. */
export interface Listed {
  /** Newest first; a lane in order of acceptance. */
  readonly rows: readonly Row[];
  /** How many have each mark, of those that pass all else. */
  readonly counts: Readonly<Record<Mark, number>>;
}

/** @param found numbers of records whose body holds the filter's text behind what the page has of it */
export function listRows(store: Store, filter: Filter, found: ReadonlySet<number>): Listed {
  const matches = createMatcher(filter.text, found);
  const listed =
    filter.view === "messages" ? listMessages(store, filter, matches) : listRequests(store, filter, matches);
  const counts = Object.fromEntries(marks.map((mark) => [mark, 0])) as Record<Mark, number>;
  for (const row of listed) for (const mark of row.marks) counts[mark] += 1;
  const { mark } = filter;
  return {
    rows: filter.view === "messages" || mark === "" ? listed : listed.filter((row) => row.marks.includes(mark)),
    counts,
  };
}

function listMessages(store: Store, filter: Filter, matches: Matcher): Row[] {
  const seen = new Set<string>();
  return store.messages.toReversed().flatMap((message) => {
    if (!passesMessage(message, filter) || !matches(message)) return [];
    const { event_id: id = "" } = message.attributes;
    if (id !== "" && seen.has(id)) return [];
    seen.add(id);
    return [toMessageRow(message, store.storyOf(id))];
  });
}

function listRequests(store: Store, filter: Filter, matches: Matcher): Row[] {
  const passes = (entry: Entry) =>
    passesEntry(entry, filter) && (matches(entry.request) || (entry.answer !== undefined && matches(entry.answer)));
  const entries = store.entries.filter(passes);
  if (!isLane(store, filter)) return entries.reverse().map(toRequestRow);
  const passing = new Set(entries);
  // Of a batch only the events that pass.
  return toLane(store, filter.user).flatMap(({ row, sending: { entry, index } }) => {
    const { answer, request } = entry;
    const outcome = answer?.outcomes[index];
    const isOwn =
      passing.has(entry) &&
      (filter.type === "" || request.events[index]?.type === filter.type) &&
      (filter.status === "" || passesStatus(answer, filter.status, outcome && [outcome])) &&
      (filter.code === "" || (outcome?.code ?? answer?.code) === filter.code);
    return isOwn ? [row] : [];
  });
}

function passesEntry({ request, answer }: Entry, filter: Filter): boolean {
  const { events } = request;
  return (
    (filter.function === "" || request.function === filter.function) &&
    (filter.type === "" || events.some(({ type }) => type === filter.type)) &&
    (filter.user === "" || events.some(({ user }) => user.includes(filter.user))) &&
    (filter.status === "" || passesStatus(answer, filter.status)) &&
    (filter.code === "" ||
      answer?.code === filter.code ||
      Boolean(answer?.outcomes.some(({ code }) => code === filter.code)))
  );
}

function passesStatus(answer: Entry["answer"], wanted: string, outcomes = answer?.outcomes ?? []): boolean {
  if (!answer) return wanted === "open";
  return (
    String(answer.status) === wanted ||
    toStatuses(answer, outcomes).some((status) => String(status) === wanted || toCounter(status) === wanted)
  );
}

function passesMessage(message: MessageRecord, filter: Filter): boolean {
  return (
    (filter.function === "" || message.function === filter.function) &&
    (filter.type === "" || message.attributes.event_type === filter.type) &&
    (filter.user === "" || message.user.includes(filter.user) || message.orderingKey.includes(filter.user))
  );
}

type Searched = Entry["request"] | NonNullable<Entry["answer"]> | MessageRecord;

type Matcher = (record: Searched) => boolean;

function createMatcher(text: string, found: ReadonlySet<number>): Matcher {
  if (text === "") return () => true;
  const pattern = new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"), "i");
  return (record) =>
    pattern.test(record.body) ||
    found.has(record.seq) ||
    (record.kind === "request" &&
      (pattern.test(record.path) || record.headers.some(([, value]) => pattern.test(value)))) ||
    (record.kind === "answer" && record.outcomes.some(({ id }) => pattern.test(id))) ||
    (record.kind === "message" &&
      [record.orderingKey, ...Object.values(record.attributes)].some((value) => pattern.test(value)));
}
