import { type Outcome, toCounter } from "../protocol.ts";
import type { Entry, Sending } from "./store.ts";

/** What one looks for in a list of requests. */
export const marks = ["with warnings", "retried", "refused", "slow"] as const;

export type Mark = (typeof marks)[number];

/** An answer that took so long is slow. */
export const SLOW_MS = 1000;

/** @returns the marks of some events of a request */
export function toMarks(
  answer: Entry["answer"],
  outcomes: readonly Outcome[],
  sendings: readonly Sending[],
): readonly Mark[] {
  const statuses = answer ? toStatuses(answer, outcomes) : [];
  const isMarked: Readonly<Record<Mark, boolean>> = {
    "with warnings": outcomes.some(({ warnings }) => warnings > 0),
    retried: sendings.some(({ attempts }) => attempts.length > 1),
    refused: statuses.some((status) => toCounter(status) === "refused"),
    slow: answer !== undefined && answer.ms >= SLOW_MS,
  };
  return marks.filter((mark) => isMarked[mark]);
}

/** What became of it is said of each event; a request without any has its own status alone. */
export function toStatuses({ status }: NonNullable<Entry["answer"]>, outcomes: readonly Outcome[]): readonly number[] {
  return outcomes.length > 0 ? outcomes.map((outcome) => outcome.status) : [status];
}
