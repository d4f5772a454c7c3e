import { execFile, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { status } from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { domains } from "../../../shared/events/registry.ts";
import { installPackage } from "../../common/install-package.ts";
import { collectTopic, type TopicCollector } from "../../pubsub/collect-topic.ts";
import { type EmbeddedPubSub, startEmbeddedPubSub } from "../../pubsub/embedded/server.ts";
import { type FunctionProcess, startFunction } from "../function-process.ts";

// What docs/calling.md prints is what runs here, as a caller would run it, against the built function.

const run = promisify(execFile);
const INSTALL_TIMEOUT_MS = 300_000;
const root = fileURLToPath(new URL("../../../", import.meta.url));
const callers = fileURLToPath(new URL(".", import.meta.url));
const callerTools = `${callers}node_modules/.bin/`;
const project = `calling-${randomUUID().slice(0, 8)}`;
const event = { event_type: "order.placed", user_id: "usr_8821", order_id: "ord_20771", payload: { total: 89.99 } };

let pubsub: EmbeddedPubSub;
let running: FunctionProcess;
let topic: TopicCollector;
let folder: string;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  installPackage(callers);
  await mkdir(`${callers}dist`, { recursive: true });
  // Below this package, so that imports find what the document has a caller install.
  folder = `${await mkdtemp(`${callers}dist/calling-`)}/`;
  pubsub = await startEmbeddedPubSub();
}, INSTALL_TIMEOUT_MS);
afterAll(async () => {
  await pubsub?.close();
  await rm(folder, { recursive: true });
});

// A function for each caller: the topic and the log hold what this caller did.
beforeEach(async () => {
  topic = await collectTopic(pubsub.endpoint, project, domains.commerce.topic);
  running = await startFunction("commerce", {
    endpoint: pubsub.endpoint,
    project,
    env: { PUBLISH_TIMEOUT_MS: "1000" },
  });
  environment = { ...process.env, PULSECART_URL: running.url, ID_TOKEN: "" };
});
afterEach(async () => {
  pubsub.faults.clear();
  await running?.stop();
  await topic?.close();
});

function isInstalled(command: string): boolean {
  return spawnSync(command, ["--version"]).status === 0;
}

/** The fenced blocks of one language below one heading. */
async function readBlocks(heading: string, language: string): Promise<string[]> {
  const guide = await readFile(`${root}docs/calling.md`, "utf8");
  const section = guide.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? "";
  return [...section.matchAll(/^```(\w+)\n(.*?)^```/gms)]
    .filter(([, found]) => found === language)
    .map(([, , code]) => code as string);
}

/**
 * Lets a caller meet a Pub/Sub server that fails until the function has refused the event once.
 *
 * @param call resolves when the caller has ended
 * @returns milliseconds between the refusal and the next attempt, at most
 */
async function meetFailure(call: () => Promise<unknown>): Promise<number> {
  pubsub.faults.every(1, { kind: "error", code: status.UNAVAILABLE });
  const called = call();
  await Promise.race([called, vi.waitFor(() => expect(running.logs.at(-1)?.code).toBe("publish_unavailable"), 10_000)]);
  const refusedAt = performance.now();
  pubsub.faults.clear();
  await called;
  return performance.now() - refusedAt;
}

/** One line for each request that the function has had, with these values of a field. */
async function expectLogged(field: string, values: readonly unknown[]): Promise<void> {
  await running.stop();
  await vi.waitFor(() => expect(running.logs.map((line) => line[field])).toEqual(values));
}

/** The event that was refused has arrived, once, under the identity of the first attempt; the caller waited its 2 s. */
async function expectSecondAttempt(waitedMs: number): Promise<void> {
  const [message, ...others] = await topic.waitFor(1);
  expect(others).toEqual([]);
  expect(JSON.parse(message?.data.toString() ?? "")).toMatchObject(event);
  await expectLogged("event_id", [message?.attributes.event_id, message?.attributes.event_id]);
  expect(waitedMs).toBeGreaterThan(1500);
}

describe("the TypeScript of docs/calling.md", { timeout: 60_000 }, () => {
  const tsc = async () => {
    const options = ["--strict", "--exactOptionalPropertyTypes", "--module", "nodenext", "--target", "es2024"];
    const more = ["--noEmit", "--skipLibCheck", "--allowImportingTsExtensions", "--types", "node"];
    await run(`${callerTools}tsc`, [...options, ...more, `${folder}call.ts`]);
  };

  beforeEach(async () => {
    const [generate = ""] = (await readBlocks("TypeScript", "sh")).join("").match(/(?<=^npx ).*/m) ?? [];
    await run("sh", ["-c", `${callerTools}${generate}`], { cwd: folder, env: environment });
    const [send = "", call = ""] = await readBlocks("TypeScript", "ts");
    await writeFile(`${folder}call.ts`, `${send}\n${call}`);
  });

  it("compiles, and sends the event again under the same identity", async () => {
    await tsc();
    await expectSecondAttempt(
      await meetFailure(() => run(process.execPath, [`${folder}call.ts`], { env: environment })),
    );
  });

  it("does not compile for an event that lacks its order, and gives up at once on one that is refused", async () => {
    const call = await readFile(`${folder}call.ts`, "utf8");
    await writeFile(`${folder}call.ts`, call.replace(' order_id: "ord_20771",', ""));
    await expect(tsc()).rejects.toMatchObject({ stdout: expect.stringContaining("order_id") });
    const refused = run(process.execPath, [`${folder}call.ts`], { env: environment });
    await expect(refused).rejects.toMatchObject({ stderr: expect.stringContaining("missing or invalid") });
    await expectLogged("code", ["invalid_event"]);
  });
});

describe.skipIf(!isInstalled("curl"))("the curl of docs/calling.md", () => {
  it("sends the event again under the same identity", async () => {
    const [command = ""] = await readBlocks("curl", "sh");
    await expectSecondAttempt(await meetFailure(() => run("sh", ["-c", command], { env: environment })));
  });

  it("gives up at once on an event that is refused, and shows why", async () => {
    const [command = ""] = await readBlocks("curl", "sh");
    const refused = run("sh", ["-c", command.replace('"order_id":"ord_20771",', "")], { env: environment });
    await expect(refused).rejects.toMatchObject({ code: 22, stdout: expect.stringContaining('"path":"order_id"') });
    await expectLogged("code", ["invalid_event"]);
  });
});

describe.skipIf(!isInstalled("python3"))("the Python of docs/calling.md", () => {
  it("sends the event again under the same identity", async () => {
    const program = (await readBlocks("Python", "python")).join("\n");
    await expectSecondAttempt(await meetFailure(() => run("python3", ["-c", program], { env: environment })));
  });

  it("gives up at once on an event that is refused", async () => {
    const program = (await readBlocks("Python", "python")).join("\n").replace('"order_id": "ord_20771", ', "");
    const refused = run("python3", ["-c", program], { env: environment });
    await expect(refused).rejects.toMatchObject({ stderr: expect.stringContaining("missing or invalid") });
    await expectLogged("code", ["invalid_event"]);
  });
});
