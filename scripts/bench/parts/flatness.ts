import { toOurs } from "../contenders.ts";
import { basePoint, type LoadPoint, largePoint, measurePoint, toWarmServerOptions, warmUp } from "../load-point.ts";
import type { BenchContext, PartResult, Target } from "../part.ts";
import { median, medianOfEach } from "../part.ts";
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
const points = [...flatPoints, small, medium, largePoint];

/** What a point costs, and how much that is of what the base cost right before it. */
type Relative = { readonly cpuUs: number; readonly ofBase: number };

/**
 * How our cost moves with users, connections and size. Each point has the base measured right before it, as a machine that
 * is shared is not the same a minute later; and the points take turns at who comes first.
 */
export async function measureFlatness(context: BenchContext): Promise<PartResult> {
  const bases: number[] = [];
  const costs = new Map<string, Relative[]>(points.map(({ name }) => [name, []]));
  for (let round = 0; round < context.rounds; round++) {
    context.tell(`flatness: round ${round + 1} of ${context.rounds}`);
    const server = await startServer(toOurs("commerce"), toWarmServerOptions(context));
    try {
      await warmUp(context, server);
      const order = points.map((_, i) => points[(i + round) % points.length] as LoadPoint);
      for (const point of order) {
        const base = await measurePoint(context, server, basePoint);
        const { cpuUs } = await measurePoint(context, server, point);
        bases.push(base.cpuUs);
        costs.get(point.name)?.push({ cpuUs, ofBase: cpuUs / base.cpuUs });
      }
    } finally {
      await server.stop();
    }
  }
  const baseCost: Relative = { cpuUs: median(bases), ofBase: 1 };
  return toResult((point) => (point === basePoint ? baseCost : medianOfEach(costs.get(point.name) ?? [])));
}

function toResult(costOf: (point: LoadPoint) => Relative): PartResult {
  const all = [basePoint, ...points];
  const perKilobyte = (from: LoadPoint, to: LoadPoint) =>
    ((costOf(to).cpuUs - costOf(from).cpuUs) / (to.shape.eventBytes - from.shape.eventBytes)) * 1000;
  const flat = flatPoints.map(
    (point): Target => ({ name: `CPU per event, ${point.name} / base`, value: costOf(point).ofBase, atMost: 1.1 }),
  );
  return {
    figures: Object.fromEntries(all.map((point) => [point.name, costOf(point)])),
    tables: [
      {
        title: "How our cost moves (base: 80 connections, 0.3 KB, 1,000 users)",
        columns: ["", "CPU µs per event", "of the base's"],
        rows: all.map((point) => {
          const { cpuUs, ofBase } = costOf(point);
          return [point.name, cpuUs.toFixed(0), ofBase.toFixed(2)];
        }),
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
