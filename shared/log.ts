import type { Config } from "./config.ts";
import { stdout } from "./stdout.ts";

const LEVELS = ["debug", "info", "warning", "error"] as const;

export type Level = (typeof LEVELS)[number];

/** The other fields of a line; never an event's payload or a user's id. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>> & {
  readonly latency_ms: number;
};

/** Writes lines that Cloud Logging reads as structured entries. */
export interface Log {
  /**
   * @param level the line's severity; below `LOG_LEVEL` nothing is written
   * @param trace the trace id (32 hex digits) of the request, where it had one
   */
  write(level: Level, message: string, fields: LogFields, trace?: string): void;
  /** Writes a line whatever `LOG_LEVEL` is: what is counted must not depend on it. */
  always(level: Level, message: string, fields: Readonly<Record<string, unknown>>, trace?: string): void;
}

/**
 * Creates the log of a process.
 *
 * Lines of one turn of the event loop leave in one write: stdout is a pipe on the platform, and each write to it a
 * system call.
 *
 * @param sink takes whole lines
 * @see https://cloud.google.com/logging/docs/structured-logging
 */
export function createLog(
  config: Pick<Config, "LOG_LEVEL" | "ENVIRONMENT" | "GCP_PROJECT_ID">,
  sink: (lines: string) => void = (lines) => stdout.write(lines),
): Log {
  const lowest = LEVELS.indexOf(config.LOG_LEVEL);
  const environment = JSON.stringify(config.ENVIRONMENT);
  let pending = "";
  const flush = () => {
    const lines = pending;
    pending = "";
    if (lines !== "") sink(lines);
  };
  process.once("exit", flush);
  const log: Log = {
    write(level, ...line) {
      if (LEVELS.indexOf(level) >= lowest) log.always(level, ...line);
    },
    always(level, message, fields, trace) {
      if (pending === "") setImmediate(flush);
      // JSON escapes line breaks, so no value can begin a line of its own. Joined as text: building one object first costs
      // twice what the rest of a line does.
      const head = `"severity":"${level.toUpperCase()}","message":${JSON.stringify(message)},"environment":${environment}`;
      const traced = trace ? `,"logging.googleapis.com/trace":"projects/${config.GCP_PROJECT_ID}/traces/${trace}"` : "";
      pending += `{${head}${traced},${JSON.stringify(fields).slice(1)}\n`;
    },
  };
  return log;
}

/** @returns a log whose lines are written at level `debug`, but for errors: these are ours, whoever asked */
export function atDebug(log: Pick<Log, "write">): Pick<Log, "write"> {
  return { write: (level, ...line) => log.write(level === "error" ? level : "debug", ...line) };
}
