import type { NamedFault } from "../protocol.ts";
import { readAnswer } from "../read-answer.ts";
import { NOBODY } from "./send.ts";

/** What is wrong with an event that is being written. */
export interface Fault extends NamedFault {
  /** Where it is marked, where that is not its path. */
  readonly at?: string;
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
export async function checkEvent(text: string, signal: AbortSignal): Promise<readonly Fault[]> {
  const headers = { "Content-Type": "application/json" };
  try {
    const response = await fetch("/console/check", { method: "POST", headers, body: text, signal });
    return toFaults(await response.text());
  } catch {
    return [{ path: "", message: NOBODY }];
  }
}

/** @param answer of `/events/validate` */
export function toFaults(answer: string): readonly Fault[] {
  const { outcomes, isBatch } = readAnswer(answer, 0, 1);
  return outcomes.flatMap(({ code, detail, faults = [] }, index) => {
    if (code === "" || faults.some(({ isWarning }) => !isWarning)) return faults;
    const path = isBatch ? String(index) : "";
    return [{ path, at: [path, places[code]].filter(Boolean).join("."), message: detail ?? code }, ...faults];
  });
}
