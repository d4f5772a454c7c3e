import { type Outcome, toCounter } from "../protocol.ts";
import type { Entry, Sending } from "./store.ts";

/** What one looks for in a list of requests. */
export const marks = ["with warnings", "retried", "refused", "slow"] as const;

export type Mark = (typeof marks)[number];

/** An answer that took so long is slow. */
export const SLOW_MS = 1000;

const known = new WeakMap<NonNullable<Entry["answer"]>, ReadonlySet<Mark>>();

/** @returns the marks of a request, with those of any of its events */
export function marksOf({ answer, sendings }: Entry): ReadonlySet<Mark> {
  const found = answer && known.get(answer);
  if (found) return found;
  const isRefused = answer?.outcomes.length === 0 && toCounter(answer.status) === "refused";
  const set = toMarks(sendings, answer?.outcomes ?? [], answer?.ms ?? 0);
  if (isRefused) set.add("refused");
  // With its answer, all of it is known.
  if (answer) known.set(answer, set);
  return set;
}

/** @returns the marks of one event of a request */
export function marksOfSending(sending: Sending): ReadonlySet<Mark> {
  const { answer } = sending.entry;
  const outcome = answer?.outcomes[sending.index];
  return toMarks([sending], outcome ? [outcome] : [], answer?.ms ?? 0);
}

/** @returns how many have each mark */
export function countMarks(sets: readonly ReadonlySet<Mark>[]): Readonly<Record<Mark, number>> {
  const counts = { "with warnings": 0, retried: 0, refused: 0, slow: 0 };
  for (const set of sets) for (const mark of set) counts[mark] += 1;
  return counts;
}

function toMarks(sendings: readonly Sending[], outcomes: readonly Outcome[], ms: number): Set<Mark> {
  const set = new Set<Mark>();
  if (outcomes.some(({ warnings }) => warnings > 0)) set.add("with warnings");
  if (sendings.some(({ attempts }) => attempts.length > 1)) set.add("retried");
  if (outcomes.some(({ status }) => toCounter(status) === "refused")) set.add("refused");
  if (ms >= SLOW_MS) set.add("slow");
  return set;
}
