import { execFileSync } from "node:child_process";
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { getTestServer } from "@google-cloud/functions-framework/testing";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { toStagedFolder } from "../../scripts/build/build-function.ts";
import { collectTopic } from "../../scripts/pubsub/collect-topic.ts";
import { type FunctionProcess, startFunction } from "../../scripts/testing/function-process.ts";
import { post } from "../../scripts/testing/post.ts";
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

describe("stdout", () => {
  let running: FunctionProcess;

  beforeAll(async () => {
    running = await startFunction("commerce", { endpoint: inject("pubsub"), project: "stdout" });
  });
  afterAll(() => running.stop());

  it("a stdout that nobody reads holds nobody up and fills no memory; afterwards it says how many lines are missing", async () => {
    const body = gzipSync("{}\n".repeat(1000));
    const headers = { "content-type": "application/x-ndjson", "content-encoding": "gzip" };
    running.setReading(false);
    const before = await running.peakMemoryMiB();
    // 100,000 lines of 200 bytes.
    for (let i = 0; i < 100; i++) {
      expect((await post(`${running.url}/events/batch`, body, headers)).status).toBe(422);
    }
    expect((await running.peakMemoryMiB()) - before).toBeLessThan(90);
    running.setReading(true);
    const isNotice = ({ message }: Readonly<Record<string, unknown>>) => `${message}`.startsWith("Log lines dropped");
    await vi.waitUntil(() => running.logs.some(isNotice), { timeout: 20_000 });
    const refused = running.logs.filter(({ message }) => message === "Event refused").length;
    expect(refused).toBeGreaterThan(10_000);
    expect(running.logs.find(isNotice)?.count).toBe(100_000 - refused);
  });
});

describe("an import", () => {
  const root = new URL("../..", import.meta.url).pathname;

  /** Imports a module in a process without any configuration, and tells what it exports and what it loaded. */
  function importElsewhere(path: string): { exports: string[]; loaded: string[] } {
    const script = `
    const { createRequire } = await import("node:module");
    const module = await import(${JSON.stringify(path)});
    console.log(JSON.stringify({ exports: Object.keys(module), loaded: Object.keys(createRequire("/").cache) }));`;
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
      env: { PATH: process.env.PATH },
      cwd: root,
      encoding: "utf8",
    });
    return JSON.parse(output);
  }

  it.each(Object.values(domains))(
    "functions/$name.ts is imported without configuration, client or credentials",
    (domain) => {
      const { exports, loaded } = importElsewhere(`${root}functions/${domain.name}.ts`);
      expect(exports).toEqual([domain.entryPoint]);
      expect(loaded.length).toBeGreaterThan(0);
      expect(loaded.filter((path) => /pubsub|google-gax|google-auth|grpc/.test(path))).toEqual([]);
    },
  );

  it.each(Object.values(domains))("so is the bundle of $name", (domain) => {
    expect(importElsewhere(`${toStagedFolder(domain.name)}index.js`).exports).toContain(domain.entryPoint);
  });

  it.each(Object.values(domains))("so is what is deployed of $name", (domain) => {
    const script = `console.log(Object.keys(require(${JSON.stringify(toStagedFolder(domain.name))})).join())`;
    const output = execFileSync(process.execPath, ["-e", script], {
      env: { PATH: process.env.PATH },
      encoding: "utf8",
    });
    expect(output.trim()).toBe(domain.entryPoint);
  });
});
