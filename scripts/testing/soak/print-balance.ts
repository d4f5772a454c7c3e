import type { ScheduleReport } from "./schedules/run-schedule.ts";

/** What must be 0, by its column. */
const BAD = {
  lost: "lost",
  altered: "altered",
  outOfOrder: "out of order",
  crossed: "out of order across functions",
  wrong: "wrong",
  unsettled: "unsettled",
} as const;

/** @returns whether everything that must be 0 is */
export function isClean(report: ScheduleReport): boolean {
  return report.findings.length === 0 && Object.keys(BAD).every((name) => report[name as keyof typeof BAD] === 0);
}

/** @returns the account in one line */
export function printBalance(report: ScheduleReport): string {
  const { sent, events, accepted, arrived, duplicates, givenBack } = report;
  const bad = Object.entries(BAD).map(([name, label]) => `${report[name as keyof typeof BAD]} ${label}`);
  return [
    `${sent} sent`,
    `${events} events`,
    `${accepted} accepted`,
    `${arrived} arrived`,
    `${duplicates} duplicates`,
    `${givenBack} given back by close`,
    ...bad,
  ].join(", ");
}
