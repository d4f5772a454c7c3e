import type { BenchContext } from "../bench-context.ts";
import { type Contender, type ContenderId, contenders } from "../contenders.ts";
import { toServerOptions } from "../load-point.ts";
import { median } from "../median.ts";
import type { PartResult } from "../part.ts";
import { startProxyProcess } from "../processes/proxy.ts";
import { type ServerOptions, startServer } from "../processes/server.ts";
import { sendOne } from "../send-one.ts";

/** A start is short and varies: it is measured more often than a load. */
const STARTS_PER_ROUND = 3;

const ROUND_TRIP_MS = 20;

type ColdStart = {
  readonly localMs: number;
  /** With 20 ms between the function and Pub/Sub. */
  readonly distantMs: number;
  readonly differenceMs: number;
};

/** Time from the start of the process to its first 202, with Pub/Sub beside it and 20 ms away. */
export async function measureCold(context: BenchContext): Promise<PartResult> {
  const proxy = await startProxyProcess(context.broker.endpoint, ROUND_TRIP_MS / 2);
  const near = toServerOptions(context);
  const far = { ...near, endpoint: proxy.endpoint };
  const starts = new Map(contenders.map(({ id }) => [id, { local: [] as number[], distant: [] as number[] }]));
  try {
    // The first start of each reads its files from disk: it does not count.
    for (const contender of contenders) await timeFirstAnswer(contender, near);
    for (let round = 0; round < context.rounds * STARTS_PER_ROUND; round++) {
      if (round % STARTS_PER_ROUND === 0)
        context.tell(`cold: round ${round / STARTS_PER_ROUND + 1} of ${context.rounds}`);
      for (const contender of contenders) {
        const times = starts.get(contender.id);
        times?.local.push(await timeFirstAnswer(contender, near));
        if (contender.publishes) times?.distant.push(await timeFirstAnswer(contender, far));
      }
    }
  } finally {
    await proxy.close();
  }
  const medians = Object.fromEntries(
    [...starts].map(([id, { local, distant }]) => [
      id,
      // What does not publish does not notice the distance.
      {
        localMs: median(local),
        distantMs: median(distant.length > 0 ? distant : local),
        // Of pairs taken one after the other: what else the machine does then meets both.
        differenceMs: distant.length > 0 ? median(distant.map((ms, i) => ms - (local[i] ?? 0))) : 0,
      },
    ]),
  ) as Record<ContenderId, ColdStart>;
  return toResult(medians);
}

async function timeFirstAnswer(contender: Contender, options: ServerOptions): Promise<number> {
  const server = await startServer(contender.program, options);
  try {
    await sendOne(server.port);
    return performance.now() - server.spawnedAt;
  } finally {
    await server.stop();
  }
}

function toResult(medians: Readonly<Record<ContenderId, ColdStart>>): PartResult {
  const { a, d, e } = medians;
  const title = "Cold start: process start to first 202, ms";
  return {
    figures: medians,
    tables: [
      {
        title,
        columns: ["", "Pub/Sub beside it", `${ROUND_TRIP_MS} ms away`, "difference"],
        rows: contenders.map(({ id, name }) => {
          const { localMs, distantMs, differenceMs } = medians[id];
          return [`${id} ${name}`, ...[localMs, distantMs, differenceMs].map((ms) => ms.toFixed(0))];
        }),
      },
    ],
    targets: [
      { name: "Cold start, e / a", value: e.localMs / a.localMs, atMost: 2 },
      { name: "Cold start, e / d", value: e.localMs / d.localMs, atMost: 0.75 },
      // The publish itself is one; at most one more for connecting.
      { name: "Round trips that the first 202 waits for", value: e.differenceMs / ROUND_TRIP_MS, atMost: 2 },
    ],
    panels: [{ title, values: contenders.map(({ id }) => medians[id].localMs) }],
  };
}
