import type { Contender } from "./contenders.ts";
import { HttpConnection } from "./load/connection.ts";
import { createRequests, type RequestShape } from "./load/requests.ts";
import type { BenchContext } from "./part.ts";
import type { ServerOptions, ServerProcess } from "./processes/server.ts";

/** Sends one event to a server. @throws Error when the answer is not 202 */
export async function sendOne(port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const connection = await HttpConnection.open(port, reject);
  connection.send(createRequests(basePoint.shape)(), resolve);
  const status = await promise;
  connection.close();
  if (status !== 202) throw new Error(`The first answer of a contender was ${status}.`);
}

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

/** 8 connections: at 80 it would be 80 MB under way, and the measure of a garbage collector out of memory. */
export const largePoint: LoadPoint = {
  name: "1 MB, 8 connections",
  connections: 8,
  requests: 160,
  shape: { ...baseShape, eventBytes: 1_000_000 },
};

export const loadPoints: readonly LoadPoint[] = [
  basePoint,
  { ...basePoint, name: "1 connection", connections: 1, requests: 3000 },
  { ...basePoint, name: "8 connections", connections: 8, requests: 5000 },
  { ...basePoint, name: "500 connections", connections: 500, requests: 5000 },
  { ...basePoint, name: "10 users", requests: 5000, shape: { ...baseShape, users: 10 } },
  { ...basePoint, name: "100,000 users", requests: 5000, shape: { ...baseShape, users: 100_000 } },
  { ...basePoint, name: "10 KB", requests: 3000, shape: { ...baseShape, eventBytes: 10_000 } },
  largePoint,
];

/** Requests after which a contender's cost no longer falls: what is compiled by then stays. */
const WARM_UP_REQUESTS = 30_000;

/** How every part starts a contender. */
export function toServerOptions(
  { broker, project, secure }: BenchContext,
  { isSecure = false }: Pick<Contender, "isSecure"> = {},
): ServerOptions {
  return { endpoint: broker.endpoint, project, env: isSecure ? secure.toEnvironment() : {} };
}

/**
 * How a part that measures warm processes in turn starts a contender. V8 shrinks the heap of a process that idles by a timer of
 * 8 s, and much of its optimised code goes with it: whom that meets is chance, and for the next 20,000 events they cost up to
 * half as much again. On the platform an idle instance has no CPU for it.
 */
export function toWarmServerOptions(context: BenchContext, contender?: Pick<Contender, "isSecure">): ServerOptions {
  return { ...toServerOptions(context, contender), execArgv: ["--no-memory-reducer"] };
}

export async function warmUp({ load }: BenchContext, server: ServerProcess, shape = basePoint.shape): Promise<void> {
  await load.open(server.port, basePoint.connections);
  await load.run(shape, WARM_UP_REQUESTS);
}

/** What a warm server costs at a point, over connections that have served a request: callers keep theirs. */
export async function measurePoint({ load }: BenchContext, server: ServerProcess, point: LoadPoint): Promise<Cost> {
  await load.open(server.port, point.connections);
  await load.run(point.shape, point.connections);
  const before = await server.cpuSeconds();
  const { p50Ms, p99Ms } = await load.run(point.shape, point.requests);
  const used = (await server.cpuSeconds()) - before;
  return { cpuUs: (used / (point.requests * point.shape.batchSize)) * 1e6, p50Ms, p99Ms };
}
