import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { domains } from "../../../shared/events/registry.ts";
import { connectPubSub } from "../../pubsub/client.ts";
import type { EmbeddedPubSubStats } from "../../pubsub/embedded/server.ts";

/** The embedded Pub/Sub server in a process of its own, with the topics of all functions. */
export interface BrokerProcess {
  /** `host:port`. */
  readonly endpoint: string;
  stats(): Promise<EmbeddedPubSubStats>;
  close(): Promise<void>;
}

/** @param project owns the topics */
export async function startBrokerProcess(project: string): Promise<BrokerProcess> {
  const script = fileURLToPath(new URL("../../pubsub/serve.ts", import.meta.url));
  const child = fork(script, ["--port=0"], { stdio: ["ignore", "pipe", "inherit", "ipc"] });
  const endpoint = await readFirstLine(child);
  const admin = connectPubSub(endpoint, project);
  for (const { topic } of Object.values(domains)) await admin.createTopic(topic);
  admin.close();
  return {
    endpoint,
    async stats() {
      child.send("stats");
      const [stats] = (await once(child, "message")) as [EmbeddedPubSubStats];
      return stats;
    },
    async close() {
      const exit = once(child, "exit");
      child.disconnect();
      await exit;
    },
  };
}

/** @throws Error when the process ends without a word */
export async function readFirstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("The process has no stdout to read.");
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`A process of the benchmark ended with ${code} before it was ready.`);
  });
  const [line] = (await Promise.race([once(lines, "line"), ended])) as [string];
  lines.close();
  child.stdout.resume();
  return line;
}
