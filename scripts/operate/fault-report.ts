import type { LogEntry } from "./log-entries.ts";

/** Fewer events prove nothing. */
const ENOUGH_EVENTS = 1000;

/** What one caller has sent with a fault at one path, within the window. */
export interface FaultRow {
  /** Null where nobody could tell. */
  readonly caller: string | null;
  /** Empty where the line names none. */
  readonly path: string;
  /** Events that were refused, or accepted and marked, for a fault at this path. */
  readonly refused: number;
  readonly marked: number;
  /** RFC 3339: when the first and the last line about it was written. */
  readonly first: string;
  readonly last: string;
}

/** What is known of one event type. */
export interface FaultReport {
  readonly type: string;
  /** Accepted and refused ones, of those that were judged. */
  readonly events: number;
  readonly refused: number;
  readonly marked: number;
  readonly verdict: string;
  /** The command's: 0 safe to enforce, 1 not safe, 2 not known. */
  readonly exitCode: 0 | 1 | 2;
  readonly rows: readonly FaultRow[];
}

type MutableRow = { -readonly [TName in keyof FaultRow]: FaultRow[TName] };

/** The lines that are summed, in Cloud Logging's language. */
export const summaryFilter =
  'jsonPayload.message=("Events accepted" OR "Events refused" OR "Payload differs from its schema")';

/** Whether a line is a summary of events that were judged: where payloads are not checked, none is. */
export function isJudged({ message, code, payload_checks }: Readonly<Record<string, unknown>>): boolean {
  if (payload_checks === "off") return false;
  if (message === "Events refused") return code === "invalid_event";
  return message === "Events accepted" || message === "Payload differs from its schema";
}

/** @param entries summaries of judged events; those of other types are not looked at */
export function reportFaults(type: string, entries: readonly LogEntry[]): FaultReport {
  const counts = { accepted: 0, refused: 0, marked: 0 };
  const markedBy = new Map<string, number>();
  const rows = new Map<string, MutableRow>();
  for (const { timestamp, jsonPayload = {} } of entries) {
    if (jsonPayload.event_type !== type) continue;
    const {
      message,
      caller = null,
      count,
      paths,
    } = jsonPayload as {
      message: string;
      caller?: string;
      count: number;
      paths?: Readonly<Record<string, number>>;
    };
    if (message === "Events accepted") {
      counts.accepted += count;
      continue;
    }
    const kind = message === "Events refused" ? "refused" : "marked";
    counts[kind] += count;
    if (kind === "marked") markedBy.set(caller ?? "", (markedBy.get(caller ?? "") ?? 0) + count);
    for (const [path, events] of Object.entries(paths ?? { "": count })) {
      const key = JSON.stringify([caller, path]);
      const row = rows.get(key) ?? { caller, path, refused: 0, marked: 0, first: timestamp, last: timestamp };
      row[kind] += events;
      if (timestamp < row.first) row.first = timestamp;
      if (timestamp > row.last) row.last = timestamp;
      rows.set(key, row);
    }
  }
  const events = counts.accepted + counts.refused;
  const { refused, marked } = counts;
  const sorted = [...rows.values()].sort((a, b) => b.marked - a.marked || b.refused - a.refused);
  return { type, events, refused, marked, ...toVerdict(events, markedBy), rows: sorted };
}

function toVerdict(events: number, markedBy: ReadonlyMap<string, number>): Pick<FaultReport, "verdict" | "exitCode"> {
  if (markedBy.size > 0) {
    const callers = [...markedBy].sort(([, a], [, b]) => b - a);
    const named = callers.map(([caller, count]) => `${caller || "(unknown)"} ${count}`);
    return { verdict: `not safe: ${named.join(", ")}`, exitCode: 1 };
  }
  if (events >= ENOUGH_EVENTS) return { verdict: "safe to enforce", exitCode: 0 };
  return { verdict: `not known: ${events} events`, exitCode: 2 };
}

/** @returns the exit code of several: what is not safe counts for more than what is not known */
export function toWorst(reports: readonly FaultReport[]): 0 | 1 | 2 {
  if (reports.some(({ exitCode }) => exitCode === 1)) return 1;
  return reports.some(({ exitCode }) => exitCode === 2) ? 2 : 0;
}

const columns = ["TYPE", "EVENTS", "CALLER", "PATH", "REFUSED", "MARKED", "FIRST SEEN", "LAST SEEN"] as const;

/** Writes a table with a line for each type and each of its rows, then the verdicts. */
export function toTable(reports: readonly FaultReport[]): string {
  const lines = reports.flatMap(({ type, events, refused, marked, rows }) => [
    [type, String(events), "", "", String(refused), String(marked), "", ""],
    ...rows.map((row) => [
      ...["", "", row.caller ?? "(unknown)", row.path || "(none)"],
      ...[String(row.refused), String(row.marked), toMinute(row.first), toMinute(row.last)],
    ]),
  ]);
  const widths = columns.map((name, at) => Math.max(name.length, ...lines.map((line) => line[at]?.length ?? 0)));
  const toText = (line: readonly string[]) =>
    line
      .map((cell, at) => cell.padEnd(widths[at] as number))
      .join("  ")
      .trimEnd();
  const verdicts = reports.map(({ type, verdict }) => `${type}: ${verdict}`);
  return [[...columns], ...lines].map(toText).concat("", verdicts).join("\n");
}

function toMinute(timestamp: string): string {
  return `${new Date(timestamp).toISOString().slice(0, 16).replace("T", " ")}Z`;
}
