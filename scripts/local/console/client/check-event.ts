import type { NamedFault } from "../protocol.ts";
import { NOBODY, parseObject } from "./send.ts";

/** What is wrong with an event that is being written. */
export interface Fault extends NamedFault {
  /** Where it is marked, where that is not its path. */
  readonly at?: string;
  readonly isWarning: boolean;
}

/** Of a problem that names no path: what it is about. */
const places: Readonly<Record<string, string>> = {
  missing_event_type: "event_type",
  unknown_event_type: "event_type",
  wrong_function: "event_type",
};

/**
 * Asks the functions what is wrong with an event, or with a batch: theirs is the one verdict, and these are its words.
 *
 * @param text JSON, or what is about to become JSON
 */
export async function checkEvent(text: string, signal: AbortSignal): Promise<Fault[]> {
  const headers = { "Content-Type": "application/json" };
  try {
    const response = await fetch("/console/check", { method: "POST", headers, body: text, signal });
    return toFaults(await response.text());
  } catch {
    return [{ path: "", message: NOBODY, isWarning: false }];
  }
}

/** @param answer of `/events/validate` */
export function toFaults(answer: string): Fault[] {
  const { results, ...members } = parseObject(answer);
  if (!Array.isArray(results)) return listFaults(members);
  return results.flatMap((result, index) =>
    listFaults(result).map(({ path, at = path, ...fault }) => ({
      ...fault,
      path: join(index, path),
      at: join(index, at),
    })),
  );
}

function join(index: number, path: string): string {
  return path === "" ? String(index) : `${index}.${path}`;
}

function listFaults({ code, detail, errors, warnings, warnings_omitted }: Readonly<Record<string, unknown>>): Fault[] {
  const listed = [
    ...toList(errors).map((error) => ({ ...error, isWarning: false })),
    ...toList(warnings).map((warning) => ({ ...warning, isWarning: true })),
    ...(warnings_omitted ? [{ path: "payload", message: `has ${warnings_omitted} more`, isWarning: true }] : []),
  ];
  if (errors !== undefined || typeof code !== "string") return listed;
  return [{ path: "", at: places[code] ?? "", message: String(detail), isWarning: false }, ...listed];
}

function toList(faults: unknown): readonly NamedFault[] {
  return Array.isArray(faults) ? faults : [];
}
