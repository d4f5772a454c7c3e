import type { NamedFault } from "../protocol.ts";
import { readAnswer } from "../read-answer.ts";

/** What the caller of a function sees. */
export interface Answer {
  /** 0 when there was none. */
  readonly status: number;
  readonly ms: number;
  /** As sent, JSON text. */
  readonly body: string;
  /** Seconds, as text; of an answer that can be tried again. */
  readonly retryAfter: string;
}

/** What the browser says of a server that is not there is of no help. */
const NOBODY = "No answer: npm start does not run, or was just restarted.";

/**
 * Sends JSON to the front of the stack.
 *
 * @param body bytes as they shall arrive
 */
export async function sendJson(
  method: string,
  path: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const startedAt = performance.now();
  const elapsed = () => performance.now() - startedAt;
  try {
    const response = await fetch(path, { method, headers: { "Content-Type": "application/json", ...headers }, body });
    const text = await response.text();
    const retryAfter = response.headers.get("retry-after") ?? "";
    return { status: response.status, ms: elapsed(), body: text, retryAfter };
  } catch (error) {
    // A header that cannot be sent is the caller's fault.
    const detail = /fetch/i.test(String(error)) && !/header/i.test(String(error)) ? NOBODY : String(error);
    return { status: 0, ms: elapsed(), body: JSON.stringify({ detail }), retryAfter: "" };
  }
}

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
export async function checkEvent(text: string): Promise<readonly Fault[]> {
  return toFaults((await sendJson("POST", "/console/check", text)).body);
}

/** @param answer of `/events/validate` */
export function toFaults(answer: string): readonly Fault[] {
  const { outcomes, isBatch } = readAnswer(answer, 0, 1);
  return outcomes.flatMap(({ detail, code, faults = [] }, index) => {
    if (detail === undefined || faults.some(({ isWarning }) => !isWarning)) return faults;
    const path = isBatch ? String(index) : "";
    return [{ path, at: [path, places[code]].filter(Boolean).join("."), message: detail }, ...faults];
  });
}
