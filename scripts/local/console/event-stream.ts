import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { type ConsoleRecord, type Frame, type Hello, LONGEST_SENT } from "./protocol.ts";
import type { Recorder } from "./recorder.ts";

/** A page draws no more often than this: it may have 100,000 records to go through. */
const FRAME_MS = 100;

/** What leaves in one frame; a page that is behind gets the next when this one has left. */
const MOST_RECORDS = 1000;

type State = Omit<Frame, "records" | "first" | "isComplete">;

interface Page {
  readonly response: ServerResponse;
  /** Number of the next record that it gets. */
  next: number;
  /** Whether what was sent last has not left yet. */
  isBehind: boolean;
}

/** What the recorder holds and what is added to it, as server-sent events to any number of pages. */
export class EventStream {
  readonly #run = randomUUID();
  readonly #about: Omit<Hello, "run">;
  readonly #recorder: Recorder;
  readonly #readState: () => State;
  readonly #pages = new Set<Page>();
  #timer: NodeJS.Timeout | undefined;

  /** @param readState what each frame says besides the records */
  constructor(about: Omit<Hello, "run">, recorder: Recorder, readState: () => State) {
    this.#about = about;
    this.#recorder = recorder;
    this.#readState = readState;
  }

  /** Whether any page is open. */
  get isWatched(): boolean {
    return this.#pages.size > 0;
  }

  /** Something has changed: every page gets a frame soon. */
  schedule(): void {
    if (this.#timer || this.#pages.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      for (const page of this.#pages) this.#send(page);
    }, FRAME_MS);
  }

  /**
   * Begins to send to a page.
   *
   * @param lastEventId what the page says that it has seen, after a broken connection
   */
  open(response: ServerResponse, lastEventId: string | undefined): void {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    const hello: Hello = { ...this.#about, run: this.#run };
    response.write(`event: hello\ndata: ${JSON.stringify(hello)}\n\n`);
    const [run, seen] = (lastEventId ?? "").split("/");
    const page: Page = { response, next: run === this.#run ? Number(seen) + 1 : 0, isBehind: false };
    this.#pages.add(page);
    response.once("close", () => this.#pages.delete(page));
    this.#send(page);
  }

  #send(page: Page): void {
    if (page.isBehind) return;
    const records = this.#recorder.since(page.next, MOST_RECORDS);
    page.next = (records.at(-1)?.seq ?? page.next - 1) + 1;
    const isComplete = records.length < MOST_RECORDS;
    const frame: Frame = { ...this.#readState(), records: records.map(cut), first: this.#recorder.first, isComplete };
    const data = JSON.stringify(frame);
    page.isBehind = !page.response.write(`event: frame\nid: ${this.#run}/${page.next - 1}\ndata: ${data}\n\n`);
    if (!page.isBehind) {
      if (!isComplete) this.schedule();
      return;
    }
    page.response.once("drain", () => {
      page.isBehind = false;
      this.#send(page);
    });
  }
}

function cut(record: ConsoleRecord): ConsoleRecord {
  if (!("body" in record) || record.body.length <= LONGEST_SENT) return record;
  return { ...record, body: record.body.slice(0, LONGEST_SENT), isCut: true } as ConsoleRecord;
}
