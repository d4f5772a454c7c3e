import type { Table, Target } from "./part.ts";

/** @returns the table as Markdown, aligned so that it reads well as it is */
export function toMarkdown({ title, columns, rows }: Table): string {
  const cells = [columns, ...rows].map((row) => row.map(String));
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  const toLine = (row: readonly string[]) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(" | ")} |`;
  const [head = [], ...body] = cells;
  const rule = `|${widths.map((width, i) => (i === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return [`${title}\n`, toLine(head), rule, ...body.map(toLine)].join("\n");
}

/** @returns a table of the targets, and whether each is met */
export function toTargetTable(targets: readonly Target[]): Table {
  return {
    title: "Targets",
    columns: ["", "measured", "at most", ""],
    rows: targets.map(({ name, value, atMost, unit = "" }) => [
      name,
      `${value.toFixed(2)}${unit}`,
      `${atMost}${unit}`,
      value <= atMost ? "met" : "missed",
    ]),
  };
}
