import { HttpConnection } from "./connection.ts";
import type { LoadCommand, LoadReport, LoadResult } from "./load.ts";
import { createRequests, type RequestShape } from "./requests.ts";

// The load generator, as a process of its own that `load.ts` forks: what it costs is not the contender's, and the
// measuring process stays idle.

let connections: HttpConnection[] = [];

function reply(report: LoadReport): void {
  process.send?.(report);
}

function fail(error: Error): void {
  reply({ failed: error.message });
}

async function open(port: number, count: number): Promise<void> {
  for (const connection of connections) connection.close();
  connections = await Promise.all(Array.from({ length: count }, () => HttpConnection.open(port, fail)));
}

/** Each connection sends its next request when the last one is answered. */
function run(shape: RequestShape, requests: number, ms: number): Promise<LoadResult> {
  const next = createRequests(shape);
  const latencies: number[] = [];
  const refused = new Map<number, number>();
  let sent = 0;
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const send = (connection: HttpConnection) => {
      if (sent === requests || performance.now() - startedAt > ms) return;
      sent++;
      const sentAt = performance.now();
      connection.send(next(), (status) => {
        latencies.push(performance.now() - sentAt);
        if (status !== 202) refused.set(status, (refused.get(status) ?? 0) + 1);
        send(connection);
        if (latencies.length === sent) resolve(toResult(latencies, refused, performance.now() - startedAt));
      });
    };
    for (const connection of connections) send(connection);
  });
}

function toResult(all: readonly number[], refused: ReadonlyMap<number, number>, elapsedMs: number): LoadResult {
  const latencies = Float64Array.from(all).sort();
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return { answered: all.length, elapsedMs, p50Ms: at(0.5), p99Ms: at(0.99), refused: Object.fromEntries(refused) };
}

process.on("message", async (command: LoadCommand) => {
  try {
    if ("open" in command) reply({ opened: await open(command.port, command.open).then(() => true as const) });
    else {
      const { requests, ms } = { requests: Number.POSITIVE_INFINITY, ms: Number.POSITIVE_INFINITY, ...command };
      reply({ result: await run(command.shape, requests, ms) });
    }
  } catch (error) {
    fail(error as Error);
  }
});
process.on("disconnect", () => process.exit());
