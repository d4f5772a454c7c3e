import { type Contender, contenders } from "./contenders.ts";
import { type HostileCase, hostileCases } from "./hostile-load/cases.ts";
import { type HostileResult, measureHostileCase, measureSmallBesideLarge } from "./hostile-load/measure.ts";
import { toServerOptions } from "./load-point.ts";
import type { BenchContext, PartResult } from "./part.ts";
import { startServer } from "./processes/server.ts";

/** What every contender is given: sent and inflated bytes, both large. */
const worst = hostileCases.find(({ name }) => name === "80 events of 8.9 MiB, gzip of noise") as HostileCase;

const BESIDE_MS = 8000;

/** Peaks while an instance of 512 MiB is asked for more than it can hold: of ours in every way, of the others in one. */
export async function measureHostileLoads(context: BenchContext): Promise<Required<Omit<PartResult, "panels">>> {
  const others: (readonly [Contender, string])[] = [];
  for (const contender of contenders.filter(({ program }) => "other" in program)) {
    context.tell(`memory: ${contender.name}, ${worst.name}`);
    others.push([contender, await measureOther(context, contender)]);
  }
  const ours: (Pick<HostileCase, "pubsub" | "name" | "isAlone"> & HostileResult)[] = [];
  for (const item of hostileCases) {
    context.tell(`memory: ours, Pub/Sub ${item.pubsub}, ${item.name}`);
    const { pubsub, name, isAlone } = item;
    ours.push({ pubsub, name, ...(isAlone && { isAlone }), ...(await measureHostileCase(item)) });
  }
  context.tell("memory: ours, small events beside 70 callers of large ones");
  const beside = await measureSmallBesideLarge(BESIDE_MS);
  const toText = (counts: object) => Object.entries(counts).map((entry) => entry.reverse().join(" × "));
  return {
    figures: [{ ours, beside, others: others.map(([{ id }, peak]) => ({ contender: id, peak })) }],
    tables: [
      {
        title: "More than an instance of 512 MiB can hold: ours",
        columns: ["80 callers at once, unless it says otherwise", "Pub/Sub", "peak MiB", "thread held, ms", "answers"],
        rows: ours.map(({ name, pubsub, peakMiB, longestStallMs, statuses }) => [
          name,
          pubsub,
          peakMiB.toFixed(0),
          longestStallMs.toFixed(0),
          toText(statuses).join(", "),
        ]),
      },
      {
        title: "80 events of 8.9 MiB at once, gzip of noise",
        columns: ["", "peak MiB"],
        rows: [
          ...others.map(([{ id, name }, peak]) => [`${id} ${name}`, peak]),
          ["e ours", (ours.find(({ name }) => name === worst.name)?.peakMiB ?? Number.NaN).toFixed(0)],
        ],
      },
      {
        title: `${BESIDE_MS / 1000} s of 70 callers with events of 8.9 MiB, and 10 with small ones: ours`,
        columns: ["small: p50, ms", "p99, ms", "small events", "answers to large ones"],
        rows: [[beside.p50Ms.toFixed(0), beside.p99Ms.toFixed(0), `${beside.small}`, toText(beside.large).join(", ")]],
      },
    ],
    targets: [
      {
        name: "Peak of the worst load",
        value: Math.max(...ours.map(({ peakMiB }) => peakMiB)),
        atMost: 400,
        unit: " MiB",
      },
      {
        name: "Thread held by one request",
        value: Math.max(...ours.filter(({ isAlone }) => isAlone).map(({ longestStallMs }) => longestStallMs)),
        atMost: 100,
        unit: " ms",
      },
      { name: "Small events beside large ones, p50", value: beside.p50Ms, atMost: 100, unit: " ms" },
      { name: "Small events beside large ones, p99", value: beside.p99Ms, atMost: 400, unit: " ms" },
    ],
  };
}

/** @returns the peak in MiB, or that the process ended */
async function measureOther(context: BenchContext, { program }: Contender): Promise<string> {
  const env = { NODE_OPTIONS: "--max-old-space-size=410" };
  const server = await startServer(program, { ...toServerOptions(context), env });
  try {
    await worst.send(server.port);
    return (await server.memory()).peakMiB.toFixed(0);
  } catch {
    return "ended";
  } finally {
    await server.stop();
  }
}
