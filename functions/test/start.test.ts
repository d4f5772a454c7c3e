import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { getTestServer } from "@google-cloud/functions-framework/testing";
import { afterEach, describe, expect, inject, it, vi } from "vitest";
import { collectTopic } from "../../scripts/pubsub/collect-topic.ts";
import { sampleOf } from "../../scripts/testing/sample-of.ts";
import { spawnFunction, toStagedTarget } from "../../scripts/testing/spawn-function.ts";
import { domains } from "../../shared/events/registry.ts";

describe("a bad configuration", () => {
  it.each<[string, Record<string, string>]>([
    ["GCP_PROJECT_ID", {}],
    ["PUBLISH_TIMEOUT_MS", { GCP_PROJECT_ID: "demo", PUBLISH_TIMEOUT_MS: "soon" }],
    ["LOG_LEVEL", { GCP_PROJECT_ID: "demo", LOG_LEVEL: "loud" }],
  ])("of %s ends the start with one line", async (name, env) => {
    const child = spawnFunction(toStagedTarget("commerce"), { port: 1, env });
    const [[code], stderr, stdout] = await Promise.all([
      once(child, "exit"),
      text(child.stderr as NodeJS.ReadableStream),
      text(child.stdout as NodeJS.ReadableStream),
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^${name} [^\\n]*allowed is [^\\n]*\\n$`));
    expect(stdout).toBe("");
  });
});

describe("behind functions-framework's own chain, as in its test server", () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.close();
    vi.unstubAllEnvs();
  });

  it("a function serves as any other does", async () => {
    const endpoint = inject("pubsub");
    vi.stubEnv("GCP_PROJECT_ID", "chained");
    vi.stubEnv("PUBSUB_EMULATOR_HOST", endpoint);
    const topic = await collectTopic(endpoint, "chained", domains.system.topic);
    await import("../system.ts");
    server = getTestServer("system").listen(0);
    await once(server, "listening");
    const sample = sampleOf("system");
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/events/ingest`, {
      method: "POST",
      body: JSON.stringify(sample),
      headers: { "content-type": "application/json" },
    });
    expect(response.status).toBe(202);
    await topic.waitFor(1);
    expect(topic.messages[0]?.data.toString().endsWith(JSON.stringify(sample).slice(1))).toBe(true);
    await topic.close();
  });
});
