import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import {
  type ConsoleAnswer,
  type ConsoleMessage,
  type Counts,
  type FaultName,
  type Frame,
  type Hello,
  toCounter,
} from "./protocol.ts";
import { RecentMessages } from "./recent-messages.ts";

/** Of a long body the page gets so many characters. */
const LONGEST_BODY = 64 * 1024;

/** What a page that is opened later still sees. */
const LONGEST_HISTORY = 500;

/** A page draws no more often than this. */
const FRAME_MS = 50;

/** What waits for a page that does not keep up; of more, the oldest messages are skipped. */
const LONGEST_BACKLOG = 5000;

/** Of the bodies in either of them. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

interface Page {
  readonly response: ServerResponse;
  readonly backlog: RecentMessages;
  answers: ConsoleAnswer[];
  skipped: number;
  /** Whether what was sent last has not left yet. */
  isBehind: boolean;
}

type Draft = Omit<ConsoleMessage, "seq">;

/** What happens in the local stack, as server-sent events to any number of pages. */
export class EventStream {
  readonly #run = randomUUID();
  readonly #about: Pick<Hello, "project" | "broker">;
  readonly #counts: Record<string, Record<keyof Counts, number>>;
  readonly #pages = new Set<Page>();
  readonly #history = new RecentMessages(LONGEST_HISTORY, MOST_CHARACTERS);
  #seq = 0;
  #fault: FaultName = "none";
  #timer: NodeJS.Timeout | undefined;

  /** @param functions their names */
  constructor(about: Pick<Hello, "project" | "broker">, functions: readonly string[]) {
    this.#about = about;
    this.#counts = Object.fromEntries(
      functions.map((name) => [name, { accepted: 0, refused: 0, failed: 0, arrived: 0 }]),
    );
  }

  /** A message has reached a topic. */
  addMessage(draft: Draft): void {
    this.#seq += 1;
    const message = { ...draft, body: draft.body.slice(0, LONGEST_BODY), seq: this.#seq };
    const counts = this.#counts[message.function];
    if (counts) counts.arrived += 1;
    this.#history.push(message);
    for (const page of this.#pages) page.skipped += page.backlog.push(message);
    this.#schedule();
  }

  /** A function has answered. */
  addAnswer(answer: ConsoleAnswer): void {
    const counts = this.#counts[answer.function];
    if (counts) counts[toCounter(answer.status)] += 1;
    for (const page of this.#pages) if (page.answers.length < LONGEST_BACKLOG) page.answers.push(answer);
    this.#schedule();
  }

  /** The Pub/Sub server has been told to fail like this. */
  setFault(fault: FaultName): void {
    this.#fault = fault;
    this.#schedule();
  }

  /**
   * Begins to send to a page.
   *
   * @param lastEventId what the page says that it has seen, after a broken connection
   */
  open(response: ServerResponse, lastEventId: string | undefined): void {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    const hello: Hello = { ...this.#about, run: this.#run, fault: this.#fault, counts: this.#counts };
    response.write(`event: hello\ndata: ${JSON.stringify(hello)}\n\n`);
    const [run, seen] = (lastEventId ?? "").split("/");
    const after = run === this.#run ? Number(seen) : 0;
    const backlog = new RecentMessages(LONGEST_BACKLOG, MOST_CHARACTERS);
    for (const message of this.#history.messages) if (message.seq > after) backlog.push(message);
    const page: Page = { response, backlog, answers: [], skipped: 0, isBehind: false };
    this.#pages.add(page);
    response.once("close", () => this.#pages.delete(page));
    this.#send(page);
  }

  #schedule(): void {
    if (this.#timer || this.#pages.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      for (const page of this.#pages) this.#send(page);
    }, FRAME_MS);
  }

  #send(page: Page): void {
    if (page.isBehind) return;
    const { answers, skipped } = page;
    const frame: Frame = { messages: page.backlog.take(), answers, skipped, fault: this.#fault };
    page.answers = [];
    page.skipped = 0;
    const data = JSON.stringify(frame);
    page.isBehind = !page.response.write(`event: frame\nid: ${this.#run}/${this.#seq}\ndata: ${data}\n\n`);
    if (!page.isBehind) return;
    page.response.once("drain", () => {
      page.isBehind = false;
      this.#schedule();
    });
  }
}
