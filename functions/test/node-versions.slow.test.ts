import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { collectTopic, type TopicCollector } from "../../scripts/pubsub/collect-topic.ts";
import { type EmbeddedPubSub, startEmbeddedPubSub } from "../../scripts/pubsub/embedded/server.ts";
import { startFunction } from "../../scripts/testing/function-process.ts";
import { post } from "../../scripts/testing/post.ts";
import { domains } from "../../shared/events/registry.ts";

const TIMEOUT_MS = 240_000;
const project = "versions";
const { sample } = domains.commerce.events["order.placed"];

// The staged function on other Nodes than the one that runs the tests: each by the npm package `node`, in a folder of its own.

/** One of the oldest line that is supported; `npm run test:matrix` has more. */
const supported = process.env.EVERY_NODE ? ["20.20.2", "22.12.0"] : ["20.20.2"];
const refused = ["18.20.8"];

let folder: string;
let pubsub: EmbeddedPubSub;
let topic: TopicCollector;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pulsecart-node-"));
  pubsub = await startEmbeddedPubSub();
  topic = await collectTopic(pubsub.endpoint, project, domains.commerce.topic);
});
afterAll(async () => {
  await topic.close();
  await pubsub.close();
  await rm(folder, { recursive: true });
});

/** @returns the path of this version's program */
async function installNode(version: string): Promise<string> {
  const prefix = join(folder, version);
  await promisify(execFile)("npm", ["install", "--prefix", prefix, "--no-audit", "--no-fund", `node@${version}`]);
  return join(prefix, "node_modules/node/bin/node");
}

// These take no headers as an array; what they did with them was to fail each call after the first. And whose shell has
// proxies set: grpc-js would send the calls there.
it.each(supported)("publishes on Node %s, whatever proxy is set", { timeout: TIMEOUT_MS }, async (version) => {
  const proxy = "http://127.0.0.1:9";
  const running = await startFunction("commerce", {
    endpoint: pubsub.endpoint,
    project,
    node: await installNode(version),
    env: { http_proxy: proxy, https_proxy: proxy, grpc_proxy: proxy, ORDERING_KEY_SHARDS: "4" },
  });
  try {
    for (let i = 0; i < 5; i++) {
      expect((await post(running.url, sample)).status).toBe(202);
    }
    expect(running.stderr()).toBe("");
  } finally {
    await running.stop();
  }
});

it.each(refused)("does not start on Node %s, and says why in one line", { timeout: TIMEOUT_MS }, async (version) => {
  const node = await installNode(version);
  const start = startFunction("commerce", { endpoint: pubsub.endpoint, project, node });
  const line = `Node ${version} is not supported; use Node 20.12 or later, 22 or 24.`;
  await expect(start).rejects.toThrow(`The function ended with 1: ${line}\n`);
});
