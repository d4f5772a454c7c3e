import {
  type ActiveFaults,
  type AnswerRecord,
  type AttemptRecord,
  type ConsoleRecord,
  type Counts,
  type Frame,
  type Hello,
  type LogRecord,
  type MessageRecord,
  type RequestRecord,
  type SubscriptionBacklog,
  toCounter,
} from "../protocol.ts";

/** Forgotten records are let go together: what is known of events is made anew then. */
const MOST_FORGOTTEN = 2000;

/** A request, and its answer once there is one. */
export interface Entry {
  readonly request: RequestRecord;
  answer: AnswerRecord | undefined;
  /** One an event; none where events are only checked. */
  readonly sendings: Sending[];
}

/** An event in a request. */
export interface Sending {
  readonly entry: Entry;
  /** Its place in the batch. */
  readonly index: number;
  /** The publish calls that it led to, oldest first. */
  readonly attempts: AttemptRecord[];
}

type Attempt = { -readonly [TName in keyof AttemptRecord]: AttemptRecord[TName] };

/** All that is known of one `event_id`. */
export interface Story {
  readonly id: string;
  readonly sendings: Sending[];
  /** Each as it was told last; `at` and `seq` are of its beginning. */
  readonly attempts: AttemptRecord[];
  readonly messages: MessageRecord[];
  readonly logs: LogRecord[];
  /** Sendings that have no answer yet. */
  readonly open: Sending[];
  /** Attempts of sendings that are not known yet: their id comes with the answer. */
  loose: AttemptRecord[];
}

/** What the page knows of the stack. */
export class Store {
  /** Undefined until first connected. */
  hello: Hello | undefined;
  isConnected = false;
  faults: ActiveFaults = {};
  backlogs: readonly SubscriptionBacklog[] = [];
  counts: Readonly<Record<string, Counts>> = {};
  buildError = "";
  /** Whether it knows all that the stack has recorded, or did when it was connected. */
  isComplete = false;
  /** Changes with everything that the page shows. */
  version = 0;
  /** Oldest first. */
  entries: Entry[] = [];
  /** Oldest first. */
  messages: MessageRecord[] = [];
  readonly #onOutdated: () => void;
  readonly #listeners = new Set<() => void>();
  #page = "";
  #records: ConsoleRecord[] = [];
  #byRequest = new Map<number, Entry>();
  #stories = new Map<string, Story>();
  #attempts = new Map<number, Attempt>();

  /** @param onOutdated called when the page's own sources have changed */
  constructor(onOutdated: () => void = () => {}) {
    this.#onOutdated = onOutdated;
  }

  /** Calls back after each change. @returns a function that ends it */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Number of the latest record. */
  get newest(): number {
    return this.#records.at(-1)?.seq ?? 0;
  }

  storyOf(id: string): Story | undefined {
    return this.#stories.get(id);
  }

  entryOf(request: number): Entry | undefined {
    return this.#byRequest.get(request);
  }

  welcome(hello: Hello): void {
    if (hello.run !== this.hello?.run) {
      this.#forget(Number.POSITIVE_INFINITY);
      this.isComplete = false;
    }
    this.hello = hello;
    this.isConnected = true;
    this.#tell();
  }

  disconnect(): void {
    this.isConnected = false;
    this.#tell();
  }

  setFaults(faults: ActiveFaults): void {
    this.faults = faults;
    this.#tell();
  }

  add({ records, first, isComplete, counts, faults, backlogs, page, buildError }: Frame): void {
    const oldest = this.#records[0]?.seq ?? first;
    if (first - oldest > MOST_FORGOTTEN || first > this.newest) this.#forget(first);
    for (const record of records) this.#index(record);
    this.#records.push(...records);
    this.isComplete ||= isComplete;
    this.counts = counts;
    this.faults = faults;
    this.backlogs = backlogs;
    this.buildError = buildError;
    if (this.#page !== "" && page !== "" && page !== this.#page) this.#onOutdated();
    if (page !== "") this.#page = page;
    this.#tell();
  }

  /** @param first number of the oldest record that is kept */
  #forget(first: number): void {
    const kept = this.#records.filter(({ seq }) => seq >= first);
    this.entries = [];
    this.messages = [];
    this.#byRequest = new Map();
    this.#stories = new Map();
    this.#attempts = new Map();
    this.#records = kept;
    for (const record of kept) this.#index(record);
  }

  #index(record: ConsoleRecord): void {
    switch (record.kind) {
      case "request":
        this.#addRequest(record);
        break;
      case "answer":
        this.#addAnswer(record);
        break;
      case "attempt":
        this.#addAttempt(record);
        break;
      case "log":
        if (record.id !== "") this.#tellStory(record.id).logs.push(record);
        break;
      case "message":
        this.#addMessage(record);
    }
  }

  #addRequest(request: RequestRecord): void {
    const entry: Entry = { request, answer: undefined, sendings: [] };
    this.entries.push(entry);
    this.#byRequest.set(request.request, entry);
    if (request.isDry) return;
    for (const [index, { id }] of request.events.entries()) {
      const sending = { entry, index, attempts: [] };
      entry.sendings.push(sending);
      if (id === "") continue;
      const story = this.#tellStory(id);
      story.sendings.push(sending);
      story.open.push(sending);
    }
  }

  #addAttempt(record: AttemptRecord): void {
    const known = this.#attempts.get(record.attempt);
    if (known) {
      Object.assign(known, { status: record.status, detail: record.detail, ms: record.ms });
      return;
    }
    const attempt = { ...record };
    this.#attempts.set(attempt.attempt, attempt);
    for (const id of attempt.ids) {
      if (id === "") continue;
      const story = this.#tellStory(id);
      if (story.attempts.at(-1) !== attempt) story.attempts.push(attempt);
      const owner = story.open.find((sending) => isFor(attempt, sending));
      (owner?.attempts ?? story.loose).push(attempt);
    }
  }

  #addAnswer(answer: AnswerRecord): void {
    const entry = this.#byRequest.get(answer.request);
    if (!entry) return;
    entry.answer = answer;
    if (answer.isDry) return;
    for (const [index, outcome] of answer.outcomes.entries()) {
      entry.sendings[index] ??= { entry, index, attempts: [] };
      const sending = entry.sendings[index];
      const own = entry.request.events[index]?.id ?? "";
      if (outcome.id !== "" && own !== outcome.id) this.#tellStory(outcome.id).sendings.push(sending);
      const story = this.#stories.get(outcome.id || own);
      if (story) settle(sending, story, toCounter(outcome.status) === "refused");
    }
  }

  #addMessage(message: MessageRecord): void {
    this.messages.push(message);
    const { event_id: id = "" } = message.attributes;
    if (id === "") return;
    const { messages } = this.#tellStory(id);
    // Pub/Sub may deliver one message twice: it is stored once all the same.
    if (!messages.some(({ messageId }) => messageId === message.messageId)) messages.push(message);
  }

  #tellStory(id: string): Story {
    let story = this.#stories.get(id);
    if (!story) {
      story = { id, sendings: [], attempts: [], messages: [], logs: [], open: [], loose: [] };
      this.#stories.set(id, story);
    }
    return story;
  }

  #tell(): void {
    this.version += 1;
    for (const listener of this.#listeners) listener();
  }
}

/** Publish calls of one user go one after the other: until one is acknowledged, they are of the earliest sending. */
function isFor(attempt: AttemptRecord, { entry: { request }, attempts }: Sending): boolean {
  const last = attempts.at(-1);
  return (
    last !== attempt && last?.status !== "OK" && attempt.function === request.function && attempt.seq > request.seq
  );
}

/** With its answer it is known which attempts a sending led to: none of a refused one, and those that nobody claims. */
function settle(sending: Sending, story: Story, isRefused: boolean): void {
  const place = story.open.indexOf(sending);
  if (place !== -1) story.open.splice(place, 1);
  if (isRefused) {
    story.loose.push(...sending.attempts.splice(0));
    return;
  }
  story.loose = story.loose.filter((attempt) => {
    const isOwn = isFor(attempt, sending);
    if (isOwn) sending.attempts.push(attempt);
    return !isOwn;
  });
}
