import type { BenchContext } from "../bench-context.ts";
import { type Contender, type ContenderId, contenders } from "../contenders.ts";
import type { RequestShape } from "../load/requests.ts";
import { medianOfEach } from "../median.ts";
import type { PartResult, Table, Target } from "../part.ts";
import { type ServerProcess, startServer } from "../processes/server.ts";

/** One kind of load: everything as at the base point but what its name says. */
export interface LoadPoint {
  readonly name: string;
  readonly connections: number;
  /** Few where a request costs much: each measurement shall last about a second. */
  readonly requests: number;
  readonly shape: RequestShape;
}

/** What a contender costs at one point. */
export type Cost = {
  /** CPU time of the whole process, in microseconds an event. */
  readonly cpuUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
};

const baseShape: RequestShape = {
  eventBytes: 300,
  users: 1000,
  batchSize: 1,
  batchUsers: 1,
  eventType: "order.placed",
};

/** 80 connections, as many as the platform sends to one instance; 0.3 KB; 1,000 users. */
export const basePoint: LoadPoint = { name: "base", connections: 80, requests: 10_000, shape: baseShape };

export const loadPoints: readonly LoadPoint[] = [
  basePoint,
  { ...basePoint, name: "1 connection", connections: 1, requests: 3000 },
  { ...basePoint, name: "8 connections", connections: 8, requests: 5000 },
  { ...basePoint, name: "500 connections", connections: 500, requests: 5000 },
  { ...basePoint, name: "10 users", requests: 5000, shape: { ...baseShape, users: 10 } },
  { ...basePoint, name: "100,000 users", requests: 5000, shape: { ...baseShape, users: 100_000 } },
  { ...basePoint, name: "10 KB", requests: 3000, shape: { ...baseShape, eventBytes: 10_000 } },
  { ...basePoint, name: "1 MB", requests: 160, shape: { ...baseShape, eventBytes: 1_000_000 } },
];

/** Requests after which the compilers have seen what there is. */
const WARM_UP_REQUESTS = 6000;

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
        servers.set(contender, await startServer(contender.args, toServerOptions(context)));
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
  return { figures: medians, tables: toTables(medians), targets: toTargets(medians) };
}

/** How every part starts a server, but for the environment. */
export function toServerOptions({ broker, project }: BenchContext) {
  return { endpoint: broker.endpoint, project };
}

export async function warmUp({ load }: BenchContext, server: ServerProcess): Promise<void> {
  await load.open(server.port, basePoint.connections);
  await load.run(basePoint.shape, WARM_UP_REQUESTS);
}

/** What a warm server costs at a point. */
export async function measurePoint({ load }: BenchContext, server: ServerProcess, point: LoadPoint): Promise<Cost> {
  await load.open(server.port, point.connections);
  const before = await server.cpuSeconds();
  const { p50Ms, p99Ms } = await load.run(point.shape, point.requests);
  const used = (await server.cpuSeconds()) - before;
  return { cpuUs: (used / (point.requests * point.shape.batchSize)) * 1e6, p50Ms, p99Ms };
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
  return [against("d", 0.4), against("c", 0.95), against("b", 1.25)];
}
