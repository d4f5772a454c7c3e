import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { runBuild } from "../build/run-build.ts";
import { readArguments, readCount, runCommand, UsageError } from "../common/command.ts";
import { installPackage } from "../common/run-program.ts";
import { prepareContenders } from "./contenders.ts";
import { Load } from "./load/load.ts";
import {
  type BenchContext,
  type Part,
  type PartName,
  type PartResult,
  partNames,
  type Table,
  type Target,
} from "./part.ts";
import { measureBatch } from "./parts/batch.ts";
import { measureClient } from "./parts/client.ts";
import { measureCold } from "./parts/cold.ts";
import { measureCpu } from "./parts/cpu.ts";
import { measureFlatness } from "./parts/flatness.ts";
import { measureFresh } from "./parts/fresh.ts";
import { measureMemory } from "./parts/memory.ts";
import { measurePayload } from "./parts/payload.ts";
import { measureSize } from "./parts/size.ts";
import { startBrokerProcess } from "./processes/broker.ts";
import { startSecureFront } from "./processes/secure-front.ts";

/**
 * Puts what a part of the benchmark found into a page, between the part's marks: `<!-- bench:cpu -->` and
 * `<!-- bench:cpu end -->`.
 *
 * @param page Markdown
 * @param tables Markdown
 * @throws Error when the page has no such marks
 */
function renewTables(page: string, part: string, tables: string): string {
  const [start, end] = [`<!-- bench:${part} -->`, `<!-- bench:${part} end -->`];
  const from = page.indexOf(start);
  const to = page.indexOf(end);
  if (from === -1 || to < from) throw new Error(`The page has no place for ${part}: ${start} and ${end}.`);
  return `${page.slice(0, from + start.length)}\n\n${tables}\n\n${page.slice(to)}`;
}

/** @returns the table as Markdown, aligned so that it reads well as it is */
function toMarkdown({ title, columns, rows }: Table): string {
  const cells = [columns, ...rows].map((row) => row.map(String));
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  const toLine = (row: readonly string[]) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(" | ")} |`;
  const [head = [], ...body] = cells;
  const rule = `|${widths.map((width, i) => (i === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return [`${title}\n`, toLine(head), rule, ...body.map(toLine)].join("\n");
}

/** @returns a table of the targets, and whether each is met */
function toTargetTable(targets: readonly Target[]): Table {
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

const parts: Readonly<Record<PartName, Part>> = {
  cpu: measureCpu,
  fresh: measureFresh,
  cold: measureCold,
  memory: measureMemory,
  size: measureSize,
  batch: measureBatch,
  payload: measurePayload,
  flatness: measureFlatness,
  client: measureClient,
};

const usage = `Usage: npm run bench -- [part …] [options]

Measures the built functions beside what could stand in their place. Tables go to stdout, progress to stderr, and all
figures to a JSON file in dist/bench/. The parts, all by default: ${partNames.join(", ")}.

  --rounds N    how often each contender's turn comes (default: 5)
  --events N    events over which the memory part watches ours (default: 100000); a million takes some minutes and
                shows whether anything leaks
  --plot        draw docs/bench.svg, and renew the tables of docs/performance.md
  --help        print this
`;

const PROJECT = "bench";
const benchFolder = fileURLToPath(new URL(".", import.meta.url));
const pageFile = new URL("../../docs/performance.md", import.meta.url);
const plotFile = fileURLToPath(new URL("../../docs/bench.svg", import.meta.url));
const resultsFolder = new URL("../../dist/bench/", import.meta.url);

const options = {
  rounds: { type: "string", default: "5" },
  events: { type: "string", default: "100000" },
  plot: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

type Results = Readonly<Partial<Record<PartName, PartResult>>>;

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, options, true);
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const unknown = positionals.filter((name) => !Object.hasOwn(parts, name));
  if (unknown.length > 0) {
    throw new UsageError(`there is no part ${unknown.join(", ")}; there are ${partNames.join(", ")}`);
  }
  const chosen = positionals.length > 0 ? (positionals as PartName[]) : partNames;
  const rounds = readCount("rounds", values.rounds, 1);
  const memoryEvents = readCount("events", values.events, 1);
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

  process.stderr.write("Building …\n");
  installPackage(benchFolder);
  runBuild();
  await prepareContenders();
  const results = await measure(chosen, { rounds, memoryEvents });
  const targets = Object.values(results).flatMap((result) => result.targets);
  console.log(`\n${toMarkdown(toTargetTable(targets))}`);
  const machine = await writeFigures(results, rounds);
  console.log(`\n${machine}`);
  if (values.plot) await plot(results, machine);
  return chosen.every((name) => name in results) ? 0 : 1;
}

/** @returns what each part found; one that failed has said so and is missing */
async function measure(
  chosen: readonly PartName[],
  counts: Pick<BenchContext, "rounds" | "memoryEvents">,
): Promise<Results> {
  const broker = await startBrokerProcess(PROJECT);
  const secure = await startSecureFront(broker.endpoint);
  const results: Partial<Record<PartName, PartResult>> = {};
  for (const [i, name] of chosen.entries()) {
    const load = new Load();
    const tell = (line: string) => process.stderr.write(`[${i + 1}/${chosen.length}] ${line}\n`);
    try {
      const result = await parts[name]({ ...counts, project: PROJECT, broker, secure, load, tell });
      results[name] = result;
      for (const table of result.tables) console.log(`\n${toMarkdown(table)}`);
    } catch (error) {
      // Minutes of the other parts' measurements shall not be lost with it.
      console.error(`${name} could not be measured:`, error);
    } finally {
      load.close();
    }
  }
  await secure.close();
  await broker.close();
  return results;
}

/** Writes the figures to a file. @returns on what they were measured, in one line */
async function writeFigures(results: Results, rounds: number): Promise<string> {
  const date = new Date();
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const figures = Object.fromEntries(Object.entries(results).map(([name, result]) => [name, result.figures]));
  const targets = Object.values(results).flatMap((result) => result.targets);
  await mkdir(resultsFolder, { recursive: true });
  const file = new URL(`${date.toISOString().replaceAll(":", "-")}.json`, resultsFolder);
  await writeFile(file, `${JSON.stringify({ date, machine, rounds, figures, targets }, null, 2)}\n`);
  return `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, ${date.toISOString().slice(0, 10)}`;
}

async function plot(results: Results, machine: string): Promise<void> {
  let page = await readFile(pageFile, "utf8");
  for (const [name, { tables }] of Object.entries(results)) {
    page = renewTables(page, name, [...tables.map(toMarkdown), machine].join("\n\n"));
  }
  await writeFile(pageFile, page);
  // Not before its package is installed.
  const { drawPanels } = await import("./plot.ts");
  await mkdir(dirname(plotFile), { recursive: true });
  await writeFile(plotFile, drawPanels(Object.values(results).flatMap(({ panels = [] }) => panels)));
}

await runCommand(main);
