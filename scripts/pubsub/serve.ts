import { parseArgs } from "node:util";
import type { Fault } from "./embedded/faults.ts";
import { startEmbeddedPubSub } from "./embedded/server.ts";

// node scripts/pubsub/serve.ts [--port=8085]: the embedded Pub/Sub server as a process of its own. Prints its endpoint when
// it is ready; for a client, PUBSUB_EMULATOR_HOST is that endpoint.

/**
 * What a process that forked this one may send it: faults for publish calls, as in `Faults` (for the next `count` of
 * them, or for every `every`th), their end, or a request for the counts, answered with `{ stats }`.
 */
export type ServerCommand =
  | { fault: Fault; count: number }
  | { fault: Fault; every: number }
  | { clearFaults: true }
  | { stats: true };

const { values } = parseArgs({ options: { port: { type: "string", default: "8085" } } });
const server = await startEmbeddedPubSub({ port: Number(values.port) }).catch((error: Error) => {
  console.error(`The Pub/Sub server cannot start: ${error.message}`);
  process.exit(1);
});
console.log(server.endpoint);

process.on("message", (command: ServerCommand) => {
  if ("stats" in command) process.send?.({ stats: server.stats() });
  else if ("clearFaults" in command) server.faults.clear();
  else if ("every" in command) server.faults.every(command.every, command.fault);
  else server.faults.next(command.count, command.fault);
});

async function stop(): Promise<void> {
  await server.close();
  process.exit();
}
process.on("SIGINT", stop);
process.on("SIGTERM", stop);
process.on("disconnect", stop);
