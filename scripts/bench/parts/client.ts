import { toOurs } from "../contenders.ts";
import { toWarmServerOptions, warmUp } from "../load-point.ts";
import type { BenchContext, PartResult } from "../part.ts";
import { medianOfEach } from "../part.ts";
import { type CallerCommand, type CallerProcess, startCallerProcess } from "../processes/caller.ts";
import { type ServerProcess, startServer } from "../processes/server.ts";

const PER_SECOND = 1000;

/** Four seconds: a sender's batches are some 50 events, and what runs once a batch must run often enough. */
const EVENTS = 4000;

const ways = { "single sends": "send", createSender: "sender" } as const;
type Name = keyof typeof ways;

/** CPU of both ends together, in microseconds an event; `ofSingle` is of what single sends cost right before. */
type SendCost = { readonly callerUs: number; readonly producerUs: number; readonly ofSingle: number };

/** What a sender saves callers and producer, at a pace that both could keep up with alone. */
export async function measureClient(context: BenchContext): Promise<PartResult> {
  const costs: Record<Name, SendCost[]> = { "single sends": [], createSender: [] };
  for (let round = 0; round < context.rounds; round++) {
    context.tell(`client: round ${round + 1} of ${context.rounds}`);
    const server = await startServer(toOurs("commerce"), toWarmServerOptions(context));
    const caller = startCallerProcess(`http://127.0.0.1:${server.port}`);
    try {
      await warmUp(context, server);
      for (const way of Object.values(ways)) await measure(caller, server, way);
      const single = await measure(caller, server, "send");
      costs["single sends"].push({ ...single, ofSingle: 1 });
      const gathered = await measure(caller, server, "sender");
      const ofSingle = (gathered.callerUs + gathered.producerUs) / (single.callerUs + single.producerUs);
      costs.createSender.push({ ...gathered, ofSingle });
    } finally {
      caller.close();
      await server.stop();
    }
  }
  const medians = Object.fromEntries(Object.entries(costs).map(([name, rounds]) => [name, medianOfEach(rounds)]));
  return {
    figures: medians,
    tables: [
      {
        title: `Through @pulsecart/events, ${PER_SECOND} events/s of 1,000 users, CPU µs per event`,
        columns: ["", "callers", "producer", "together, of single sends"],
        rows: Object.entries(medians).map(([name, { callerUs, producerUs, ofSingle }]) => [
          name,
          callerUs.toFixed(0),
          producerUs.toFixed(0),
          ofSingle.toFixed(2),
        ]),
      },
    ],
    targets: [
      {
        name: "CPU per event of callers and producer, createSender / single sends",
        value: medians.createSender?.ofSingle ?? Number.NaN,
        atMost: 0.25,
      },
    ],
  };
}

async function measure(
  caller: CallerProcess,
  server: ServerProcess,
  way: CallerCommand["way"],
): Promise<Omit<SendCost, "ofSingle">> {
  const before = await server.cpuSeconds();
  const callerSeconds = await caller.run({ way, events: EVENTS, perSecond: PER_SECOND });
  const producerSeconds = (await server.cpuSeconds()) - before;
  return { callerUs: (callerSeconds / EVENTS) * 1e6, producerUs: (producerSeconds / EVENTS) * 1e6 };
}
