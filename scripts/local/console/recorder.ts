import { type ConsoleRecord, type Counts, type Draft, toCounter } from "./protocol.ts";

/** What is kept of a body, in characters. */
export const LONGEST_KEPT = 64 * 1024;

const MOST_REQUESTS = 10_000;
/** Messages may arrive without a request, and a batch is one request with a thousand of them. */
const MOST_RECORDS = 100_000;
const MOST_BYTES = 256 * 1024 * 1024;

type MutableCounts = { -readonly [TName in keyof Counts]: Counts[TName] };

/** The flight recorder: the latest of what happened in the stack, within limits of number and of memory. */
export class Recorder {
  /** By function, since the start or the last clearing; those of which nothing was recorded are absent. */
  counts: Record<string, MutableCounts> = {};
  readonly #onRecord: () => void;
  #records: ConsoleRecord[] = [];
  /** Index of the oldest one that is kept. */
  #start = 0;
  #bytes = 0;
  #requests = 0;
  #next = 1;

  constructor(onRecord: () => void = () => {}) {
    this.#onRecord = onRecord;
  }

  /** Number of the oldest record that is kept; of the next one where there is none. */
  get first(): number {
    return this.#records[this.#start]?.seq ?? this.#next;
  }

  /** Estimate of the memory that the kept records take. */
  get bytes(): number {
    return this.#bytes;
  }

  add(draft: Draft): void {
    const record = { ...draft, seq: this.#next } as ConsoleRecord;
    this.#next += 1;
    this.#records.push(record);
    this.#count(record);
    this.#weigh(record, 1);
    while (this.#requests > MOST_REQUESTS || this.#bytes > MOST_BYTES || this.#length > MOST_RECORDS)
      this.#dropOldest();
    this.#onRecord();
  }

  /** @returns the records from this number on, oldest first; no more than `most` */
  since(seq: number, most: number): readonly ConsoleRecord[] {
    const from = this.#start + Math.max(seq - this.first, 0);
    return this.#records.slice(from, from + most);
  }

  find(seq: number): ConsoleRecord | undefined {
    // What lies before the first one is dropped, even where the array still has it.
    return seq < this.first ? undefined : this.#records[this.#start + seq - this.first];
  }

  /** @returns the numbers of the records from this number on that hold this text in a body, whatever its case */
  search(text: string, from = 0): number[] {
    const pattern = new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"), "i");
    return this.since(from, this.#length)
      .filter((record) => "body" in record && pattern.test(record.body))
      .map(({ seq }) => seq);
  }

  clear(): void {
    this.#records = [];
    this.#start = 0;
    this.#bytes = 0;
    this.#requests = 0;
    this.counts = {};
    this.#onRecord();
  }

  get #length(): number {
    return this.#records.length - this.#start;
  }

  #dropOldest(): void {
    this.#weigh(this.#records[this.#start] as ConsoleRecord, -1);
    this.#start += 1;
    if (this.#start < 10_000) return;
    this.#records = this.#records.slice(this.#start);
    this.#start = 0;
  }

  #weigh(record: ConsoleRecord, sign: 1 | -1): void {
    if (record.kind === "request") this.#requests += sign;
    this.#bytes += sign * toBytes(record);
  }

  #count(record: ConsoleRecord): void {
    if (record.kind !== "message" && (record.kind !== "answer" || record.isDry)) return;
    this.counts[record.function] ??= { accepted: 0, refused: 0, failed: 0, messages: 0 };
    const counts = this.counts[record.function] as MutableCounts;
    if (record.kind === "message") counts.messages += 1;
    else for (const { status } of record.outcomes) counts[toCounter(status)] += 1;
  }
}

/** @returns the beginning of a text, as a text of its own: what V8 cuts from a text keeps the whole of it in memory */
export function keepText(text: string, longest = LONGEST_KEPT): string {
  return text.length > longest ? Buffer.from(text.slice(0, longest)).toString() : text;
}

/** Of V8: what a text, an object, and a member of one take beside what is in them. */
const TEXT_BYTES = 24;
const OBJECT_BYTES = 56;
const MEMBER_BYTES = 8;

/** Estimate of the memory that a value takes, all of its texts among it: a caller may send 9 MiB in place of any of them. */
function toBytes(value: unknown): number {
  if (typeof value === "string") return TEXT_BYTES + toTextBytes(value);
  if (typeof value !== "object" || value === null) return 0;
  let bytes = OBJECT_BYTES;
  for (const each of Object.values(value)) bytes += MEMBER_BYTES + toBytes(each);
  return bytes;
}

/** V8 keeps a text in one byte a character while all of them are Latin-1. */
function toTextBytes(text: string): number {
  return /[^\0-\u00ff]/.test(text) ? text.length * 2 : text.length;
}
