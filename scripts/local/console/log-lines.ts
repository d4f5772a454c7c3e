import { type LogEntry, toLogEntry } from "../../testing/google-cloud/log-filter.ts";

const MOST_LINES = 20_000;

/** The functions' log lines, as Cloud Logging keeps them: the latest, and of summaries, which are few, more than of others. */
export class LogLines {
  #lines: LogEntry[] = [];
  #summaries: LogEntry[] = [];

  /** @param line a structured one */
  add(name: string, line: Readonly<Record<string, unknown>>): void {
    const entry = { timestamp: new Date().toISOString(), ...toLogEntry(line, name) };
    const kept = line.count === undefined ? this.#lines : this.#summaries;
    kept.push(entry);
    if (kept.length >= 2 * MOST_LINES) kept.splice(0, MOST_LINES);
  }

  /** @returns all of them, the oldest first */
  read(): readonly LogEntry[] {
    const toTime = ({ timestamp }: LogEntry) => String(timestamp);
    return [...this.#lines, ...this.#summaries].sort((a, b) => (toTime(a) < toTime(b) ? -1 : 1));
  }

  clear(): void {
    this.#lines = [];
    this.#summaries = [];
  }
}
