import type {
  ActiveFaults,
  AnswerRecord,
  AttemptRecord,
  ConsoleRecord,
  Counts,
  Frame,
  Hello,
  LogRecord,
  MessageRecord,
  RequestRecord,
} from "../protocol.ts";

/** Forgotten records are let go together: what is known of events is made anew then. */
const MOST_FORGOTTEN = 2000;

/** A request, and its answer once there is one. */
export interface Entry {
  readonly request: RequestRecord;
  answer: AnswerRecord | undefined;
}

/** An event in a request. */
export interface Sending {
  readonly entry: Entry;
  /** Its place in the batch. */
  readonly index: number;
}

/** All that is known of one `event_id`. */
export interface Story {
  readonly id: string;
  readonly sendings: Sending[];
  /** By their number, each as it was told last; `at` is when it began. */
  readonly attempts: Map<number, AttemptRecord>;
  readonly messages: MessageRecord[];
  readonly logs: LogRecord[];
}

/** What the page knows of the stack. */
export class Store {
  /** Undefined until first connected. */
  hello: Hello | undefined;
  isConnected = false;
  faults: ActiveFaults = {};
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

  /** @param onOutdated called when the page's own sources have changed */
  constructor(onOutdated: () => void = () => {}) {
    this.#onOutdated = onOutdated;
  }

  /** Calls back after each change. @returns a function that ends it */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
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

  add({ records, first, isComplete, counts, faults, page, buildError }: Frame): void {
    const oldest = this.#records[0]?.seq ?? first;
    if (first - oldest > MOST_FORGOTTEN || first > this.newest) this.#forget(first);
    for (const record of records) this.#index(record);
    this.#records.push(...records);
    this.isComplete ||= isComplete;
    this.counts = counts;
    this.faults = faults;
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
        for (const id of record.ids) {
          const { attempts } = this.#tellStory(id);
          const began = attempts.get(record.attempt)?.at ?? record.at;
          attempts.set(record.attempt, { ...record, at: began });
        }
        break;
      case "log":
        if (record.id !== "") this.#tellStory(record.id).logs.push(record);
        break;
      case "message":
        this.#addMessage(record);
    }
  }

  #addRequest(request: RequestRecord): void {
    const entry = { request, answer: undefined };
    this.entries.push(entry);
    this.#byRequest.set(request.request, entry);
    for (const [index, { id }] of request.events.entries()) {
      if (id !== "") this.#tellStory(id).sendings.push({ entry, index });
    }
  }

  #addAnswer(answer: AnswerRecord): void {
    const entry = this.#byRequest.get(answer.request);
    if (!entry) return;
    entry.answer = answer;
    for (const [index, { id }] of answer.outcomes.entries()) {
      if (id !== "" && entry.request.events[index]?.id !== id) this.#tellStory(id).sendings.push({ entry, index });
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
      story = { id, sendings: [], attempts: new Map(), messages: [], logs: [] };
      this.#stories.set(id, story);
    }
    return story;
  }

  #tell(): void {
    this.version += 1;
    for (const listener of this.#listeners) listener();
  }
}
