import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { BenchContext } from "./bench-context.ts";
import { prepareContenders } from "./contenders.ts";
import { Load } from "./load/load.ts";
import type { Part, PartResult } from "./part.ts";
import { measureBatch } from "./parts/batch.ts";
import { measureCold } from "./parts/cold.ts";
import { measureCpu } from "./parts/cpu.ts";
import { measureFlatness } from "./parts/flatness.ts";
import { measureMemory } from "./parts/memory.ts";
import { measureSize } from "./parts/size.ts";
import { drawPanels } from "./plot.ts";
import { toMarkdown, toTargetTable } from "./print-table.ts";
import { startBrokerProcess } from "./processes/broker.ts";

// npm run bench -- [part …] [--rounds=5] [--events=100000] [--plot]: measures the staged function beside what could
// stand in its place, and writes what it found to dist/bench/, and with --plot to docs/bench.svg.

const parts: Readonly<Record<string, Part>> = {
  cpu: measureCpu,
  cold: measureCold,
  memory: measureMemory,
  size: measureSize,
  batch: measureBatch,
  flatness: measureFlatness,
};

const PROJECT = "bench";
const plotFile = fileURLToPath(new URL("../../docs/bench.svg", import.meta.url));
const resultsFolder = new URL("../../dist/bench/", import.meta.url);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    // Of the memory part; a million takes some minutes and shows whether anything leaks.
    events: { type: "string", default: "100000" },
    plot: { type: "boolean", default: false },
  },
});
const chosen = positionals.length > 0 ? positionals : Object.keys(parts);
const unknown = chosen.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(", ")}; there are ${Object.keys(parts).join(", ")}.`);
  process.exit(2);
}
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

await prepareContenders();
const broker = await startBrokerProcess(PROJECT);
const context: Omit<BenchContext, "load"> = {
  project: PROJECT,
  rounds: Number(values.rounds),
  memoryEvents: Number(values.events),
  broker,
  tell: (line) => process.stderr.write(`${line}\n`),
};

const results: Record<string, PartResult> = {};
for (const name of chosen) {
  const load = new Load();
  try {
    const result = await (parts[name] as Part)({ ...context, load });
    results[name] = result;
    for (const table of result.tables) console.log(`\n${toMarkdown(table)}`);
  } catch (error) {
    // Minutes of the other parts' measurements shall not be lost with it.
    console.error(`${name} could not be measured:`, error);
    process.exitCode = 1;
  } finally {
    load.close();
  }
}
await broker.close();

const targets = Object.values(results).flatMap((result) => result.targets);
console.log(`\n${toMarkdown(toTargetTable(targets))}`);

const date = new Date();
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
const figures = Object.fromEntries(Object.entries(results).map(([name, result]) => [name, result.figures]));
await mkdir(resultsFolder, { recursive: true });
const file = new URL(`${date.toISOString().replaceAll(":", "-")}.json`, resultsFolder);
await writeFile(file, `${JSON.stringify({ date, machine, rounds: context.rounds, figures, targets }, null, 2)}\n`);
if (values.plot) {
  await mkdir(dirname(plotFile), { recursive: true });
  await writeFile(plotFile, drawPanels(Object.values(results).flatMap(({ panels = [] }) => panels)));
}
console.log(`\n${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, ${date.toISOString().slice(0, 10)}`);
