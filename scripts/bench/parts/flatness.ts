import type { BenchContext } from "../bench-context.ts";
import { type Contender, contenders } from "../contenders.ts";
import {
  basePoint,
  type Cost,
  type LoadPoint,
  largePoint,
  measurePoint,
  toServerOptions,
  warmUp,
} from "../load-point.ts";
import { medianOfEach } from "../median.ts";
import type { PartResult, Target } from "../part.ts";
import { startServer } from "../processes/server.ts";

const { shape } = basePoint;

/** What shall cost no more than the base point. 100,000 users need as many events to be met. */
const flatPoints: readonly LoadPoint[] = [
  { ...basePoint, name: "10 users", shape: { ...shape, users: 10 } },
  { ...basePoint, name: "100,000 users", requests: 100_000, shape: { ...shape, users: 100_000 } },
  { ...basePoint, name: "8 connections", connections: 8 },
  { ...basePoint, name: "500 connections", connections: 500 },
];

const small: LoadPoint = { ...basePoint, name: "10 KB", requests: 3000, shape: { ...shape, eventBytes: 10_000 } };
const medium: LoadPoint = { ...basePoint, name: "100 KB", requests: 800, shape: { ...shape, eventBytes: 100_000 } };
const points = [basePoint, ...flatPoints, small, medium, largePoint];

/** How our cost moves with users, connections and size. The points take turns at who comes first. */
export async function measureFlatness(context: BenchContext): Promise<PartResult> {
  const ours = contenders.find(({ id }) => id === "e") as Contender;
  const costs = new Map<string, Cost[]>(points.map(({ name }) => [name, []]));
  for (let round = 0; round < context.rounds; round++) {
    context.tell(`flatness: round ${round + 1} of ${context.rounds}`);
    const server = await startServer(ours.args, toServerOptions(context));
    try {
      await warmUp(context, server);
      const order = points.map((_, i) => points[(i + round) % points.length] as LoadPoint);
      for (const point of order) costs.get(point.name)?.push(await measurePoint(context, server, point));
    } finally {
      await server.stop();
    }
  }
  return toResult((point) => medianOfEach(costs.get(point.name) ?? []).cpuUs);
}

function toResult(cpuUsOf: (point: LoadPoint) => number): PartResult {
  const base = cpuUsOf(basePoint);
  const perKilobyte = (from: LoadPoint, to: LoadPoint) =>
    ((cpuUsOf(to) - cpuUsOf(from)) / (to.shape.eventBytes - from.shape.eventBytes)) * 1000;
  const flat = flatPoints.map(
    (point): Target => ({ name: `CPU per event, ${point.name} / base`, value: cpuUsOf(point) / base, atMost: 1.1 }),
  );
  return {
    figures: Object.fromEntries(points.map((point) => [point.name, cpuUsOf(point)])),
    tables: [
      {
        title: "How our cost moves (base: 80 connections, 0.3 KB, 1,000 users)",
        columns: ["", "CPU µs per event", "of the base's"],
        rows: points.map((point) => [point.name, cpuUsOf(point).toFixed(0), (cpuUsOf(point) / base).toFixed(2)]),
      },
      {
        title: "CPU µs per further KB of an event",
        columns: ["0.3 to 10 KB", "10 to 100 KB", "100 KB to 1 MB"],
        rows: [
          [perKilobyte(basePoint, small), perKilobyte(small, medium), perKilobyte(medium, largePoint)].map((us) =>
            us.toFixed(1),
          ),
        ],
      },
    ],
    targets: [
      ...flat,
      {
        name: "CPU per KB, 10 KB to 1 MB / up to 10 KB",
        value: perKilobyte(small, largePoint) / perKilobyte(basePoint, small),
        atMost: 1.1,
      },
    ],
  };
}
