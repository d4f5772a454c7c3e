import { fileURLToPath } from "node:url";
import { type Contender, type ContenderId, contenders, uncached } from "../contenders.ts";
import { sendOne, toServerOptions } from "../load-point.ts";
import { type BenchContext, medianOfEach, type PartResult, type Table } from "../part.ts";
import { startProxyProcess } from "../processes/proxy.ts";
import { type ServerOptions, startServer } from "../processes/server.ts";

/** A start is short and varies: it is measured more often than a load. */
const STARTS_PER_ROUND = 4;

const ROUND_TRIP_MS = 20;

const all: readonly Contender[] = [...contenders, uncached];

type ColdStart = {
  readonly localMs: number;
  /** With 20 ms between the function and Pub/Sub. */
  readonly distantMs: number;
  readonly differenceMs: number;
  /** Resident memory after the first answer. */
  readonly rssMiB: number;
};

/** What `mark-phases.cjs` tells, in milliseconds since the process's start, and what each is the end of. */
const phases = {
  node: "Node itself",
  framework: "the framework's modules, and finding the function",
  compiled: "bundle read and compiled",
  evaluated: "bundle evaluated",
  listening: "listening",
  request: "first request arrives",
  answered: "published and answered",
} as const;

type Phases = Readonly<Record<keyof typeof phases, number>>;

/** Time from the start of the process to its first 202, with Pub/Sub beside it and 20 ms away, and what it goes into. */
export async function measureCold(context: BenchContext): Promise<PartResult> {
  const { broker, secure } = context;
  const proxy = await startProxyProcess(broker.endpoint, ROUND_TRIP_MS / 2);
  const secureProxy = await startProxyProcess(secure.endpoint, ROUND_TRIP_MS / 2);
  const starts = new Map(all.map(({ id }) => [id, [] as ColdStart[]]));
  const marks = { cached: [] as Phases[], uncached: [] as Phases[] };
  const ours = contenders.find(({ id }) => id === "e") as Contender;
  try {
    // The first start of each reads its files from disk: it does not count.
    for (const contender of all) await measureStart(contender, toServerOptions(context, contender));
    const turns = context.rounds * STARTS_PER_ROUND;
    for (let turn = 0; turn < turns; turn++) {
      if (turn % STARTS_PER_ROUND === 0) context.tell(`cold: start ${turn + 1} of ${turns} of each contender`);
      for (const contender of all) {
        const near = toServerOptions(context, contender);
        const env = contender.isSecure ? secure.toEnvironment(secureProxy.endpoint) : {};
        const local = await measureStart(contender, near);
        // What does not publish does not notice the distance.
        const distant = contender.publishes
          ? await measureStart(contender, { ...near, endpoint: proxy.endpoint, env })
          : local;
        starts.get(contender.id)?.push({
          localMs: local.ms,
          distantMs: distant.ms,
          differenceMs: distant.ms - local.ms,
          rssMiB: local.rssMiB,
        });
      }
      marks.cached.push(await measurePhases(ours, toServerOptions(context)));
      marks.uncached.push(await measurePhases(uncached, toServerOptions(context)));
    }
  } finally {
    await proxy.close();
    await secureProxy.close();
  }
  const medians = Object.fromEntries([...starts].map(([id, each]) => [id, medianOfEach(each)]));
  return toResult(medians as Record<ContenderId, ColdStart>, {
    cached: medianOfEach(marks.cached),
    uncached: medianOfEach(marks.uncached),
  });
}

async function measureStart(contender: Contender, options: ServerOptions): Promise<{ ms: number; rssMiB: number }> {
  const server = await startServer(contender.program, options);
  try {
    await sendOne(server.port);
    const ms = performance.now() - server.spawnedAt;
    return { ms, rssMiB: (await server.memory()).rssMiB };
  } finally {
    await server.stop();
  }
}

async function measurePhases(contender: Contender, options: ServerOptions): Promise<Phases> {
  const { promise, resolve } = Promise.withResolvers<Phases>();
  const server = await startServer(contender.program, {
    ...options,
    execArgv: ["--require", fileURLToPath(new URL("../mark-phases.cjs", import.meta.url))],
    onMessage: (message) => resolve(message as Phases),
  });
  try {
    await sendOne(server.port);
    return await promise;
  } finally {
    await server.stop();
  }
}

function toResult(
  medians: Readonly<Record<ContenderId, ColdStart>>,
  marks: Readonly<Record<"cached" | "uncached", Phases>>,
): PartResult {
  const { a, d, e, g, h } = medians;
  const title = "Cold start: process start to first 202, ms";
  return {
    figures: { ...medians, phases: marks },
    tables: [
      {
        title,
        columns: ["", "Pub/Sub beside it", `${ROUND_TRIP_MS} ms away`, "difference", "memory then, MiB"],
        rows: all.map(({ id, name }) => {
          const { localMs, distantMs, differenceMs, rssMiB } = medians[id];
          return [`${id} ${name}`, ...[localMs, distantMs, differenceMs, rssMiB].map((value) => value.toFixed(0))];
        }),
      },
      toPhaseTable(marks),
    ],
    targets: [
      { name: "Cold start, e / a", value: e.localMs / a.localMs, atMost: 1.25 },
      { name: "Cold start without the code cache, h / a", value: h.localMs / a.localMs, atMost: 1.55 },
      { name: "Cold start, e / d", value: e.localMs / d.localMs, atMost: 0.4 },
      {
        name: `Cold start with TLS, a token and ${ROUND_TRIP_MS} ms, g / a`,
        value: g.distantMs / a.localMs,
        atMost: 1.8,
      },
      { name: "Memory for the code cache, e - h", value: e.rssMiB - h.rssMiB, atMost: 3, unit: " MiB" },
      // The publish itself is one; at most one more for connecting.
      { name: "Round trips that the first 202 waits for", value: e.differenceMs / ROUND_TRIP_MS, atMost: 2 },
    ],
    panels: [{ title, values: contenders.map(({ id }) => medians[id].localMs) }],
  };
}

function toPhaseTable({ cached, uncached: without }: Readonly<Record<"cached" | "uncached", Phases>>): Table {
  const names = Object.keys(phases) as (keyof Phases)[];
  const toCells = (marks: Phases, i: number) => {
    const at = marks[names[i] as keyof Phases];
    const before = i === 0 ? 0 : marks[names[i - 1] as keyof Phases];
    return [at.toFixed(0), (at - before).toFixed(0)];
  };
  return {
    title: "What ours does until then, ms since the process's start (noting it costs a little)",
    columns: ["", "at", "took", "at, without the code cache", "took"],
    rows: names.map((name, i) => [phases[name], ...toCells(cached, i), ...toCells(without, i)]),
  };
}
