import { parseArgs } from "node:util";
import { startEmbeddedPubSub } from "./embedded/server.ts";

// node scripts/pubsub/serve.ts [--port=8085]: the embedded Pub/Sub server as a process of its own. Prints its endpoint when
// it is ready; for a client, PUBSUB_EMULATOR_HOST is that endpoint.

const { values } = parseArgs({ options: { port: { type: "string", default: "8085" } } });
const server = await startEmbeddedPubSub({ port: Number(values.port) }).catch((error: Error) => {
  console.error(`The Pub/Sub server cannot start: ${error.message}`);
  process.exit(1);
});
console.log(server.endpoint);

/** A process that forked this one asks for the counts by any message. */
process.on("message", () => process.send?.(server.stats()));

async function stop(): Promise<void> {
  await server.close();
  process.exit();
}
process.on("SIGINT", stop);
process.on("SIGTERM", stop);
process.on("disconnect", stop);
