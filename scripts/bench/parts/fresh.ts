import { mkdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { domains } from "../../../shared/events/registry.ts";
import { runProgram } from "../../common/run-program.ts";
import { contenders, type Program } from "../contenders.ts";
import { Load } from "../load/load.ts";
import { basePoint, toServerOptions } from "../load-point.ts";
import { type BenchContext, median, type PartResult } from "../part.ts";
import { startServer } from "../processes/server.ts";

/** The first release: no payload was checked, and nothing was held for a body before it was read. */
const FIRST_RELEASE = "a9b58d7";

const WARM_UP_MS = 3000;
const MEASURED_MS = 4000;

const revisionFolder = fileURLToPath(new URL(`../../../dist/bench/${FIRST_RELEASE}/`, import.meta.url));

/**
 * CPU of ours beside that of the first release in processes as the platform starts them: after 3 s of load, and with the
 * options that are deployed alone. The part `cpu` warms its processes up for longer, and keeps their optimised code.
 */
export async function measureFresh(context: BenchContext): Promise<PartResult> {
  context.tell(`fresh: building ${FIRST_RELEASE}`);
  const first = await buildFirstRelease();
  const ours = contenders.find(({ id }) => id === "e")?.program as Program;
  const names = ["first release", "ours"] as const;
  const programs = { "first release": first, ours };
  const costs: Record<keyof typeof programs, number[]> = { "first release": [], ours: [] };
  for (let round = 0; round < context.rounds; round++) {
    context.tell(`fresh: round ${round + 1} of ${context.rounds}`);
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      costs[name].push(await measureProcess(context, programs[name]));
    }
  }
  const toRow = (name: keyof typeof programs) => [
    name,
    ...costs[name].map((us) => us.toFixed(0)),
    median(costs[name]).toFixed(0),
  ];
  const rounds = costs.ours.map((_, i) => `round ${i + 1}`);
  const value = median(costs.ours) / median(costs["first release"]);
  return {
    figures: costs,
    tables: [
      { title: "CPU µs per event of a fresh process", columns: ["", ...rounds, "median"], rows: names.map(toRow) },
    ],
    targets: [{ name: "CPU per event of a fresh process, ours / first release", value, atMost: 1.1 }],
  };
}

/** @returns microseconds an event */
async function measureProcess(context: BenchContext, program: Program): Promise<number> {
  const server = await startServer(program, toServerOptions(context));
  const load = new Load();
  try {
    await load.open(server.port, basePoint.connections);
    await load.runFor(basePoint.shape, WARM_UP_MS);
    const before = await server.cpuSeconds();
    const events = await load.runFor(basePoint.shape, MEASURED_MS);
    return (((await server.cpuSeconds()) - before) / events) * 1e6;
  } finally {
    load.close();
    await server.stop();
  }
}

/** Below this project, whose packages it is built with. @throws Error where the clone does not reach as far back */
async function buildFirstRelease(): Promise<Program> {
  await rm(revisionFolder, { recursive: true, force: true });
  await mkdir(revisionFolder, { recursive: true });
  const build = `git archive ${FIRST_RELEASE} | tar -x -C "$0" && cd "$0" && "$1" esbuild.config.mjs`;
  const { code, stderr } = await runProgram("sh", ["-c", build, revisionFolder, process.execPath], process.env);
  if (code !== 0) throw new Error(`${FIRST_RELEASE} could not be built: ${stderr}`);
  return { ours: { source: `${revisionFolder}dist/commerce`, entryPoint: domains.commerce.entryPoint } };
}
