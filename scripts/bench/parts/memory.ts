import { type Contender, contenders } from "../contenders.ts";
import { measureHostileLoads } from "../hostile.ts";
import { basePoint, sendOne, toServerOptions } from "../load-point.ts";
import type { BenchContext, PartResult } from "../part.ts";
import { startServer } from "../processes/server.ts";

/** After so many events the peak is read again: a leak shows as a peak that goes on rising. */
const EVENTS_PER_STEP = 100_000;

/** What the platform sets for an instance: 80 % of its memory. */
const instances = [
  { memory: "256 MiB", oldSpaceMiB: 205 },
  { memory: "512 MiB", oldSpaceMiB: 410 },
] as const;

interface MemoryUse {
  readonly contender: Contender;
  /** Of the instance whose flags were set. */
  readonly memory: string;
  readonly idleMiB: number;
  readonly afterFirstMiB: number;
  /** The peak so far after each 100,000 events. */
  readonly peaksMiB: readonly number[];
}

/**
 * Resident memory when idle, after one event, and at most while 80 connections send 100,000 events, or `--events`; then
 * under loads that an instance cannot hold.
 */
export async function measureMemory(context: BenchContext): Promise<PartResult> {
  const uses: MemoryUse[] = [];
  for (const contender of contenders) {
    // The others are there to compare with: once is enough.
    for (const instance of contender.id === "e" ? instances : instances.slice(0, 1)) {
      context.tell(`memory: ${contender.name} in ${instance.memory}`);
      uses.push({ contender, memory: instance.memory, ...(await measure(context, contender, instance.oldSpaceMiB)) });
    }
  }
  const usual = toResult(uses);
  const hostile = await measureHostileLoads(context);
  return {
    ...usual,
    figures: { usual: usual.figures, hostile: hostile.figures },
    tables: [...usual.tables, ...hostile.tables],
    targets: [...usual.targets, ...hostile.targets],
  };
}

async function measure(
  context: BenchContext,
  contender: Contender,
  oldSpaceMiB: number,
): Promise<Pick<MemoryUse, "idleMiB" | "afterFirstMiB" | "peaksMiB">> {
  const options = toServerOptions(context, contender);
  const env = { NODE_OPTIONS: `--max-old-space-size=${oldSpaceMiB}` };
  const server = await startServer(contender.program, { ...options, env: { ...options.env, ...env } });
  try {
    const idle = await server.memory();
    await sendOne(server.port);
    const afterFirst = await server.memory();
    await context.load.open(server.port, basePoint.connections);
    const peaksMiB: number[] = [];
    // Only ours is asked for more, where memory is shortest: that of the others is no question of this project.
    const isWatched = contender.id === "e" && oldSpaceMiB === instances[0].oldSpaceMiB;
    const events = isWatched ? context.memoryEvents : EVENTS_PER_STEP;
    for (let sent = 0; sent < events; sent += EVENTS_PER_STEP) {
      await context.load.run(basePoint.shape, Math.min(EVENTS_PER_STEP, events - sent));
      peaksMiB.push((await server.memory()).peakMiB);
    }
    return { idleMiB: idle.rssMiB, afterFirstMiB: afterFirst.rssMiB, peaksMiB };
  } finally {
    await server.stop();
  }
}

function toResult(uses: readonly MemoryUse[]): PartResult {
  const ours = uses.find(({ contender }) => contender.id === "e") as MemoryUse;
  const first = ours.peaksMiB[0] ?? 0;
  const last = Math.max(...ours.peaksMiB);
  const inSmall = uses.filter(({ memory }) => memory === instances[0].memory);
  const title = `Peak memory over 100,000 events in an instance of ${instances[0].memory}, MiB`;
  return {
    figures: uses.map(({ contender, ...use }) => ({ contender: contender.id, ...use })),
    tables: [
      {
        title: "Resident memory, MiB, with the platform's flags for an instance",
        columns: ["", "instance", "idle", "after the first event", "peak of 100,000 events", "peak of the whole run"],
        rows: uses.map(({ contender, memory, idleMiB, afterFirstMiB, peaksMiB }) => [
          `${contender.id} ${contender.name}`,
          memory,
          ...[idleMiB, afterFirstMiB, peaksMiB[0] ?? 0, Math.max(...peaksMiB)].map((mib) => mib.toFixed(0)),
        ]),
      },
    ],
    targets: [
      { name: "Idle memory", value: ours.idleMiB, atMost: 95, unit: " MiB" },
      { name: "Peak memory in 256 MiB", value: last, atMost: 200, unit: " MiB" },
      { name: "Peak of the whole run / of the first 100,000 events", value: last / first, atMost: 1.1 },
    ],
    panels: [{ title, values: inSmall.map(({ peaksMiB }) => peaksMiB[0] ?? 0) }],
  };
}
