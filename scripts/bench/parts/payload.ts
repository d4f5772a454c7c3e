import * as v from "valibot";
import { domains } from "../../../shared/events/registry.ts";
import { toOurs } from "../contenders.ts";
import { createRequests } from "../load/requests.ts";
import { basePoint, type LoadPoint, largePoint, measurePoint, toWarmServerOptions, warmUp } from "../load-point.ts";
import type { BenchContext, PartResult, Table } from "../part.ts";
import { median } from "../part.ts";
import { startServer } from "../processes/server.ts";

/** How often a round measures each load, in turn: one measurement of a shared machine is off by a tenth and more. */
const TURNS = 3;

const MODES = ["on", "off"] as const;

/** Each load, and what an event with its payload checked may cost of one without. */
const cases: readonly { readonly point: LoadPoint; readonly atMost?: number }[] = [
  { point: { ...basePoint, name: "0.3 KB" }, atMost: 1.06 },
  {
    point: { ...basePoint, name: "5.8 KB, 100 items", requests: 4000, shape: { ...basePoint.shape, eventBytes: 5800 } },
    atMost: 1.35,
  },
  {
    point: {
      ...basePoint,
      name: "batches of 100",
      connections: 1,
      requests: 300,
      shape: { ...basePoint.shape, batchSize: 100, batchUsers: 100 },
    },
    atMost: 1.1,
  },
  {
    // The schema names ten members of it: four of the payload, twice three of the items.
    point: { ...largePoint, name: "1 MB, ten members named", shape: { ...largePoint.shape, maxItems: 2 } },
    atMost: 1.05,
  },
  { point: { ...largePoint, name: "1 MB, 500 items" } },
];

/** What a payload's checks cost: the same function with `PAYLOAD_CHECKS=off`, and JSON.parse with valibot, beside it. */
export async function measurePayload(context: BenchContext): Promise<PartResult> {
  const costs = new Map<string, number[]>();
  const ratios = new Map<string, number[]>();
  for (let round = 0; round < context.rounds; round++) {
    context.tell(`payload: round ${round + 1} of ${context.rounds}`);
    const [on, off] = await Promise.all([start(context, {}), start(context, { PAYLOAD_CHECKS: "off" })]);
    try {
      for (const server of [on, off]) await warmUp(context, server);
      for (const { point } of cases) {
        for (const server of [on, off]) await measurePoint(context, server, point);
        for (let turn = 0; turn < TURNS; turn++) {
          const cost = { on: 0, off: 0 };
          for (const mode of turn % 2 ? MODES : MODES.toReversed()) {
            cost[mode] = (await measurePoint(context, mode === "on" ? on : off, point)).cpuUs;
            append(costs, `${point.name} ${mode}`, cost[mode]);
          }
          append(ratios, point.name, cost.on / cost.off);
        }
      }
    } finally {
      await Promise.all([on.stop(), off.stop()]);
    }
  }
  const others = Object.fromEntries(cases.map(({ point }) => [point.name, measureParser(point)]));
  const figures = Object.fromEntries(
    cases.map(({ point: { name } }) => [
      name,
      {
        onUs: medianOf(costs, `${name} on`),
        offUs: medianOf(costs, `${name} off`),
        ratio: medianOf(ratios, name),
        parserUs: others[name] as number,
      },
    ]),
  );
  return {
    figures,
    tables: [toTable(figures)],
    targets: cases.flatMap(({ point: { name }, atMost }) =>
      atMost === undefined
        ? []
        : {
            name: `CPU per event with its payload checked / off, ${name}`,
            value: figures[name]?.ratio ?? Number.NaN,
            atMost,
          },
    ),
  };
}

function start(context: BenchContext, env: NodeJS.ProcessEnv) {
  const options = toWarmServerOptions(context);
  return startServer(toOurs("commerce"), { ...options, env: { ...options.env, ...env } });
}

function append(lists: Map<string, number[]>, key: string, value: number): void {
  lists.set(key, [...(lists.get(key) ?? []), value]);
}

function medianOf(lists: ReadonlyMap<string, readonly number[]>, key: string): number {
  return median(lists.get(key) ?? []);
}

/** CPU of JSON.parse and valibot on one event of a load, in this process, in microseconds. */
function measureParser({ shape }: LoadPoint): number {
  const parts = createRequests({ ...shape, batchSize: 1 })();
  const text = parts.map(String).join("");
  const body = Buffer.from(text.slice(text.indexOf("\r\n\r\n") + 4));
  const { payload } = domains.commerce.events["order.placed"];
  if (!payload) throw new Error("order.placed has no payload's schema.");
  const parse = () => v.safeParse(payload, (JSON.parse(body.toString()) as { payload: unknown }).payload);
  const runs = Math.ceil(20_000_000 / body.length / 10);
  const measured = Array.from({ length: 6 }, () => {
    const before = process.cpuUsage();
    for (let i = 0; i < runs; i++) parse();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / runs;
  });
  return median(measured.slice(1));
}

function toTable(
  figures: Readonly<Record<string, { onUs: number; offUs: number; ratio: number; parserUs: number }>>,
): Table {
  return {
    title: "CPU µs per event with its payload's schema (order.placed)",
    columns: ["", "checked", "PAYLOAD_CHECKS=off", "ratio", "JSON.parse and valibot alone"],
    rows: Object.entries(figures).map(([name, { onUs, offUs, ratio, parserUs }]) => [
      name,
      onUs.toFixed(0),
      offUs.toFixed(0),
      ratio.toFixed(3),
      parserUs.toFixed(1),
    ]),
  };
}
