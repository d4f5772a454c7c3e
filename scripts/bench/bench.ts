import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import type { BenchContext } from "./bench-context.ts";
import { compileContenders } from "./contenders.ts";
import { Load } from "./load/load.ts";
import type { Part, PartResult } from "./part.ts";
import { measureBatch } from "./parts/batch.ts";
import { measureCold } from "./parts/cold.ts";
import { measureCpu } from "./parts/cpu.ts";
import { measureFlatness } from "./parts/flatness.ts";
import { measureMemory } from "./parts/memory.ts";
import { measureSize } from "./parts/size.ts";
import { toMarkdown, toTargetTable } from "./print-table.ts";
import { startBrokerProcess } from "./processes/broker.ts";

// npm run bench -- [part …] [--rounds=5] [--events=100000]: measures the staged function beside what could stand in its
// place, and writes what it found to dist/bench/.

const parts: Readonly<Record<string, Part>> = {
  cpu: measureCpu,
  cold: measureCold,
  memory: measureMemory,
  size: measureSize,
  batch: measureBatch,
  flatness: measureFlatness,
};

const PROJECT = "bench";
const resultsFolder = new URL("../../dist/bench/", import.meta.url);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    // Of the memory part; a million takes some minutes and shows whether anything leaks.
    events: { type: "string", default: "100000" },
  },
});
const chosen = positionals.length > 0 ? positionals : Object.keys(parts);
const unknown = chosen.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(", ")}; there are ${Object.keys(parts).join(", ")}.`);
  process.exit(2);
}
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

await compileContenders();
const broker = await startBrokerProcess(PROJECT);
const load = new Load();
const context: BenchContext = {
  project: PROJECT,
  rounds: Number(values.rounds),
  memoryEvents: Number(values.events),
  broker,
  load,
  tell: (line) => process.stderr.write(`${line}\n`),
};

const results: Record<string, PartResult> = {};
try {
  for (const name of chosen) {
    const result = await (parts[name] as Part)(context);
    results[name] = result;
    for (const table of result.tables) console.log(`\n${toMarkdown(table)}`);
  }
} finally {
  load.close();
  await broker.close();
}
const targets = Object.values(results).flatMap((result) => result.targets);
console.log(`\n${toMarkdown(toTargetTable(targets))}`);

const date = new Date();
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
const figures = Object.fromEntries(Object.entries(results).map(([name, result]) => [name, result.figures]));
await mkdir(resultsFolder, { recursive: true });
const file = new URL(`${date.toISOString().replaceAll(":", "-")}.json`, resultsFolder);
await writeFile(file, `${JSON.stringify({ date, machine, rounds: context.rounds, figures, targets }, null, 2)}\n`);
console.log(`\n${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, ${date.toISOString().slice(0, 10)}`);
