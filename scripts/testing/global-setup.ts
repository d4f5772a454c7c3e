import type { TestProject } from "vitest/node";
import { runBuild } from "../build/run-build.ts";
import { startBroker } from "../pubsub/broker.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** `host:port` of the Pub/Sub server that all tests share; each keeps to a project id of its own. */
    pubsub: string;
    /** Whether the official emulator comes up here; in CI it has to. */
    hasEmulator: boolean;
  }
}

/**
 * Builds the functions and starts the Pub/Sub server of all tests: in CI the official emulator, which is required there;
 * elsewhere the best that the machine has.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  runBuild();
  // Vitest would print the whole stack, and "No test files found" behind it.
  const broker = await startBroker(process.env.CI ? "emulator" : "auto").catch((error: Error) => {
    console.error(error.message);
    process.exit(1);
  });
  console.log(`Pub/Sub server of the tests: ${broker.kind}`);
  project.provide("pubsub", broker.endpoint);
  project.provide("hasEmulator", broker.kind === "emulator");
  return () => broker.close();
}
