import type { FunctionName } from "../../../shared/events/registry.ts";
import { toOurs } from "../contenders.ts";
import { basePoint, type LoadPoint, measurePoint, toWarmServerOptions, warmUp } from "../load-point.ts";
import type { BenchContext, PartResult } from "../part.ts";
import { median, medianOfEach } from "../part.ts";
import { type ServerProcess, startServer } from "../processes/server.ts";

const SHARDS = 8;
const BATCH_SIZE = 100;

/** One connection: a batch has about as many events under way as the 80 connections of the single ones. */
const batchPoint: LoadPoint = { ...basePoint, connections: 1, requests: 300 };

/** Batches after which their cost no longer falls: what runs once a batch is compiled late. */
const WARM_UP_BATCHES = 2000;

/** How often a round measures each case, in turn: one measurement of a shared machine is off by a tenth and more. */
const TURNS = 3;

const idlePoint: LoadPoint = { ...basePoint, connections: 1, requests: 2000 };

/** What is compared: each load, and whether the process has shards or a key for each user. */
const cases = {
  "batches of 100 events, 100 users": { point: toBatches(100), sharded: false },
  "8 batches of 100 events, 100 users, at a time": { point: { ...toBatches(100), connections: 8 }, sharded: false },
  "batches of 100 events, 1 user": { point: toBatches(1), sharded: false },
  "batches of 100 events, 100 users, 8 shards": { point: toBatches(100), sharded: true },
  "8 batches of 100 events, 100 users, at a time, 8 shards": {
    point: { ...toBatches(100), connections: 8 },
    sharded: true,
  },
} as const satisfies Record<string, { point: LoadPoint; sharded: boolean }>;

const SINGLE = "single events";

type Case = keyof typeof cases;
const names = Object.keys(cases) as Case[];

/** `ofSingle` is of what single events cost right before: a machine that is shared is not the same a minute later. */
type BatchCost = { readonly cpuUs: number; readonly ofSingle: number; readonly requestsPer1000: number };

/** What batches and shards save, and whether gathering costs the single event anything. */
export async function measureBatch(context: BenchContext): Promise<PartResult> {
  const costs = Object.fromEntries([SINGLE, ...names].map((name) => [name, []])) as unknown as Record<
    typeof SINGLE | Case,
    BatchCost[]
  >;
  const latencies = { commerce: [] as number[], "user-actions": [] as number[] };
  for (let round = 0; round < context.rounds; round++) {
    context.tell(`batch: round ${round + 1} of ${context.rounds}`);
    const [keyed, sharded, userActions] = await Promise.all([
      start(context, "commerce", {}),
      start(context, "commerce", { ORDERING_KEY_SHARDS: String(SHARDS) }),
      start(context, "user-actions", {}),
    ]);
    try {
      const toServer = (name: Case) => (cases[name].sharded ? sharded : keyed);
      for (const name of names) {
        await measurePoint(context, toServer(name), { ...cases[name].point, requests: WARM_UP_BATCHES });
      }
      await warmUp(context, keyed);
      await warmUp(context, userActions, toUserActions(basePoint).shape);
      for (let turn = 0; turn < TURNS; turn++) {
        for (const name of names) {
          const single = await measureCase(context, keyed, basePoint);
          costs[SINGLE].push({ ...single, ofSingle: 1 });
          const cost = await measureCase(context, toServer(name), cases[name].point);
          costs[name].push({ ...cost, ofSingle: cost.cpuUs / single.cpuUs });
        }
        latencies.commerce.push((await measurePoint(context, keyed, idlePoint)).p50Ms);
        latencies["user-actions"].push((await measurePoint(context, userActions, toUserActions(idlePoint))).p50Ms);
      }
    } finally {
      for (const server of [keyed, sharded, userActions]) await server.stop();
    }
  }
  const medians = Object.fromEntries(
    Object.entries(costs).map(([name, rounds]) => [name, medianOfEach(rounds)]),
  ) as Record<Case, BatchCost>;
  return toResult(medians, { commerce: median(latencies.commerce), userActions: median(latencies["user-actions"]) });
}

function toBatches(batchUsers: number): LoadPoint {
  return { ...batchPoint, shape: { ...batchPoint.shape, batchSize: BATCH_SIZE, batchUsers } };
}

function toUserActions(point: LoadPoint): LoadPoint {
  return { ...point, shape: { ...point.shape, eventType: "product.viewed" } };
}

function start(context: BenchContext, name: FunctionName, env: Record<string, string>): Promise<ServerProcess> {
  return startServer(toOurs(name), { ...toWarmServerOptions(context), env });
}

async function measureCase(
  context: BenchContext,
  server: ServerProcess,
  point: LoadPoint,
): Promise<Omit<BatchCost, "ofSingle">> {
  const before = await context.broker.stats();
  const { cpuUs } = await measurePoint(context, server, point);
  const after = await context.broker.stats();
  const events = after.messages - before.messages;
  return { cpuUs, requestsPer1000: ((after.publishRequests - before.publishRequests) / events) * 1000 };
}

function toResult(
  medians: Readonly<Record<Case, BatchCost>>,
  p50Ms: { readonly commerce: number; readonly userActions: number },
): PartResult {
  const against = (name: Case, atMost: number) => ({
    name: `CPU per event, ${name} / single`,
    value: medians[name].ofSingle,
    atMost,
  });
  return {
    figures: { ...medians, p50Ms },
    tables: [
      {
        title: "Batches",
        columns: ["", "CPU µs per event", "of a single event's", "publish requests per 1,000 events"],
        rows: Object.entries(medians).map(([name, { cpuUs, ofSingle, requestsPer1000 }]) => [
          name,
          cpuUs.toFixed(0),
          ofSingle.toFixed(2),
          requestsPer1000.toFixed(0),
        ]),
      },
      {
        title: "Latency of single events over one connection, p50 in ms",
        columns: ["commerce", "user-actions"],
        rows: [[p50Ms.commerce.toFixed(2), p50Ms.userActions.toFixed(2)]],
      },
    ],
    targets: [
      against("batches of 100 events, 100 users", 0.55),
      against("batches of 100 events, 1 user", 0.2),
      against("batches of 100 events, 100 users, 8 shards", 0.2),
      { name: "p50 at low load, user-actions / commerce", value: p50Ms.userActions / p50Ms.commerce, atMost: 1.1 },
    ],
  };
}
