import { type Contender, type ContenderId, contenders } from "../contenders.ts";
import { type Cost, loadPoints, measurePoint, toWarmServerOptions, warmUp } from "../load-point.ts";
import type { BenchContext, PartResult, Table, Target } from "../part.ts";
import { medianOfEach } from "../part.ts";
import { type ServerProcess, startServer } from "../processes/server.ts";

/**
 * CPU and latency of every contender at every point. A round has fresh processes; within it the contenders take turns
 * at each point, so that what the machine does besides meets all of them alike.
 */
export async function measureCpu(context: BenchContext): Promise<PartResult> {
  const costs = new Map<string, Cost[]>();
  for (let round = 0; round < context.rounds; round++) {
    context.tell(`cpu: round ${round + 1} of ${context.rounds}`);
    const servers = new Map<Contender, ServerProcess>();
    try {
      // Each round begins with another contender.
      const order = contenders.map((_, i) => contenders[(i + round) % contenders.length] as Contender);
      for (const contender of order) {
        servers.set(contender, await startServer(contender.program, toWarmServerOptions(context, contender)));
      }
      for (const server of servers.values()) await warmUp(context, server);
      for (const point of loadPoints) {
        for (const [contender, server] of servers) {
          const key = toKey(contender.id, point.name);
          costs.set(key, [...(costs.get(key) ?? []), await measurePoint(context, server, point)]);
        }
      }
    } finally {
      for (const server of servers.values()) await server.stop();
    }
  }
  const medians = Object.fromEntries([...costs].map(([key, rounds]) => [key, medianOfEach(rounds)]));
  const base = contenders.map(({ id }) => costOf(medians, id, "base").cpuUs);
  return {
    figures: medians,
    tables: toTables(medians),
    targets: toTargets(medians),
    panels: [{ title: "CPU per event, µs (80 connections, 0.3 KB, 1,000 users)", values: base }],
  };
}

function toKey(contender: ContenderId, point: string): string {
  return `${contender} ${point}`;
}

type Costs = Readonly<Record<string, Cost>>;

function costOf(costs: Costs, contender: ContenderId, point: string): Cost {
  const cost = costs[toKey(contender, point)];
  if (cost === undefined) throw new Error(`Nothing was measured for ${contender} at ${point}.`);
  return cost;
}

function toTables(costs: Costs): Table[] {
  const columns = ["", ...loadPoints.map(({ name }) => name)];
  const toTable = (title: string, read: (cost: Cost) => string): Table => ({
    title,
    columns,
    rows: contenders.map(({ id, name }) => [
      `${id} ${name}`,
      ...loadPoints.map((point) => read(costOf(costs, id, point.name))),
    ]),
  });
  return [
    toTable("CPU µs per event (base: 80 connections, 0.3 KB, 1,000 users)", ({ cpuUs }) => cpuUs.toFixed(0)),
    toTable("Events/s on one core", ({ cpuUs }) => (1e6 / cpuUs).toFixed(0)),
    toTable("Latency p50 / p99, ms", ({ p50Ms, p99Ms }) => `${p50Ms.toFixed(1)} / ${p99Ms.toFixed(1)}`),
  ];
}

function toTargets(costs: Costs): Target[] {
  const ours = costOf(costs, "e", "base").cpuUs;
  const against = (contender: ContenderId, atMost: number): Target => ({
    name: `CPU per event, e / ${contender}`,
    value: ours / costOf(costs, contender, "base").cpuUs,
    atMost,
  });
  return [against("d", 0.4), against("c", 0.95), against("b", 1.25), against("f", 1.6)];
}
