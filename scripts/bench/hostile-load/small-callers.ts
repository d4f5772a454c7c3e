import { parentPort, workerData } from "node:worker_threads";
import { HttpConnection } from "../load/connection.ts";
import { smallEvents, toPieces } from "./bodies.ts";

// A thread of its own, so that what it measures is the function, not whoever sends the large events.

const CALLERS = 10;

/** What this thread is told. */
export interface SmallCalls {
  readonly port: number;
  readonly forMs: number;
}

const { port, forMs } = workerData as SmallCalls;
const toBody = smallEvents();
const end = performance.now() + forMs;
const latencies: number[] = [];

async function call(caller: number): Promise<void> {
  const connection = await HttpConnection.open(port, (error) => {
    throw error;
  });
  for (let i = caller; performance.now() < end; i += CALLERS) {
    const startedAt = performance.now();
    const status = await new Promise<number>((resolve) => connection.send([...toPieces(toBody(i))], resolve));
    if (status !== 202) throw new Error(`A small event was answered with ${status}.`);
    latencies.push(performance.now() - startedAt);
  }
  connection.close();
}

await Promise.all(Array.from({ length: CALLERS }, (_, caller) => call(caller)));
parentPort?.postMessage(latencies);
