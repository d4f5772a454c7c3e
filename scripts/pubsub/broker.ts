import type { Spare } from "./embedded/resources.ts";
import { type EmbeddedPubSub, startEmbeddedPubSub } from "./embedded/server.ts";
import { findEmulator, startEmulator, waitUntilAnswering } from "./emulator.ts";

/** Which Pub/Sub server to use; `auto` takes the best that there is. */
export type BrokerChoice = "auto" | "emulator" | "embedded";

/** A Pub/Sub server that answers. `close` ends it, unless it is somebody else's. */
export type Broker = { readonly endpoint: string; close(): Promise<void> } & (
  | { readonly kind: "external" | "emulator" }
  | { readonly kind: "embedded"; readonly embedded: EmbeddedPubSub }
);

const externalTimeoutMs = 3_000;

/**
 * Finds or starts a Pub/Sub server. `auto` takes the one at PUBSUB_EMULATOR_HOST if that is set, else the official
 * emulator if this machine has it, else the embedded server; so it does, with a line on stderr, where the emulator does
 * not come up.
 *
 * @param env where PUBSUB_EMULATOR_HOST and PATH are read from
 * @param port where a server that is started here listens; 0 takes a free one
 * @param spare subscriptions of which the embedded server may drop messages while nobody has opened them
 * @throws Error of one line, for the user, when the server that was asked for cannot be had
 */
export async function startBroker(
  choice: BrokerChoice = "auto",
  env: NodeJS.ProcessEnv = process.env,
  port = 0,
  spare?: Spare,
): Promise<Broker> {
  const external = env.PUBSUB_EMULATOR_HOST;
  if (choice === "auto" && external) return useExternal(external);
  if (choice === "emulator") return { kind: "emulator", ...(await startEmulator(env, port)) };
  if (choice === "auto" && findEmulator(env) !== undefined) {
    try {
      return { kind: "emulator", ...(await startEmulator(env, port)) };
    } catch (error) {
      console.error(`${(error as Error).message} The embedded server takes its place.`);
    }
  }
  const embedded = await startEmbeddedPubSub({ port, spare });
  return { kind: "embedded", endpoint: embedded.endpoint, close: embedded.close, embedded };
}

async function useExternal(endpoint: string): Promise<Broker> {
  try {
    await waitUntilAnswering(endpoint, externalTimeoutMs);
  } catch {
    throw new Error(`PUBSUB_EMULATOR_HOST is ${endpoint}, but no Pub/Sub server answers there.`);
  }
  return { kind: "external", endpoint, close: async () => {} };
}
