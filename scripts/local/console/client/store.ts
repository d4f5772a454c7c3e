import { type ConsoleMessage, type Counts, type Frame, type Hello, toCounter } from "../protocol.ts";
import { Latencies } from "./latencies.ts";

/** What the page holds; older messages are forgotten. */
const MOST_MESSAGES = 5000;

const noCounts: Counts = { accepted: 0, refused: 0, failed: 0, arrived: 0 };

/** What the page knows of the stack. */
export class Store {
  /** Undefined until first connected. */
  hello: Hello | undefined;
  isConnected = false;
  fault: Hello["fault"] = "none";
  /** Oldest first. */
  messages: readonly ConsoleMessage[] = [];
  /** Messages that came faster than the page took them. */
  skipped = 0;
  readonly #counts = new Map<string, Counts>();
  readonly #latencies = new Map<string, Latencies>();
  readonly #listeners = new Set<() => void>();

  /** Calls back after each change. @returns a function that ends it */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  countsOf(name: string): Counts {
    return this.#counts.get(name) ?? noCounts;
  }

  latenciesOf(name: string): Latencies {
    const latencies = this.#latencies.get(name) ?? new Latencies();
    this.#latencies.set(name, latencies);
    return latencies;
  }

  welcome(hello: Hello): void {
    if (hello.run !== this.hello?.run) this.messages = [];
    this.hello = hello;
    this.isConnected = true;
    this.fault = hello.fault;
    for (const [name, counts] of Object.entries(hello.counts)) this.#counts.set(name, counts);
    this.#tell();
  }

  disconnect(): void {
    this.isConnected = false;
    this.#tell();
  }

  add({ messages, answers, skipped, fault }: Frame): void {
    // What came before the page was opened, or while it was cut off, is in the counts of the greeting already.
    const known = this.hello?.counts ?? {};
    for (const message of messages) {
      if (message.seq > sum(known)) this.#count(message.function, "arrived");
    }
    for (const answer of answers) {
      this.#count(answer.function, toCounter(answer.status));
      this.latenciesOf(answer.function).add(answer.ms);
    }
    if (messages.length > 0) this.messages = [...this.messages, ...messages].slice(-MOST_MESSAGES);
    this.skipped += skipped;
    this.fault = fault;
    this.#tell();
  }

  clear(): void {
    this.messages = [];
    this.skipped = 0;
    this.#tell();
  }

  #count(name: string, counter: keyof Counts): void {
    const counts = this.countsOf(name);
    this.#counts.set(name, { ...counts, [counter]: counts[counter] + 1 });
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Messages that had arrived when these counts were taken: as many as the number of the last one. */
function sum(counts: Readonly<Record<string, Counts>>): number {
  return Object.values(counts).reduce((total, { arrived }) => total + arrived, 0);
}
