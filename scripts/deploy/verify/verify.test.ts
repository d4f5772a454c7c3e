import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { buffer } from "node:stream/consumers";
import { Client, credentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { domains, functionNames } from "../../../shared/events/registry.ts";
import { listenOnLoopback } from "../../common/free-port.ts";
import { runProgram } from "../../common/run-program.ts";
import { callUnary, connectPubSub } from "../../pubsub/client.ts";
import { collectTopic } from "../../pubsub/collect-topic.ts";
import { type EmbeddedPubSub, startEmbeddedPubSub } from "../../pubsub/embedded/server.ts";
import { openSubscription } from "../../pubsub/open-subscription.ts";
import { subscriberMethods } from "../../pubsub/protocol.ts";
import { type FunctionProcess, startFunction } from "../../testing/function-process.ts";
import { findLocalSubjects } from "./run-verification.ts";
import { type Doctor, startDoctoredPubSub } from "./testing/doctored-pubsub.ts";
import { type PromiseName, promises } from "./verdict.ts";
import { verifyFunction } from "./verify-function.ts";

const project = "verified";
const { topic } = domains.commerce;

let pubsub: EmbeddedPubSub;
let healthy: FunctionProcess;
beforeAll(async () => {
  pubsub = await startEmbeddedPubSub();
  const admin = connectPubSub(pubsub.endpoint, project);
  await admin.createTopic(topic);
  admin.close();
  healthy = await startFunction("commerce", { endpoint: pubsub.endpoint, project });
});
afterAll(async () => {
  await healthy?.stop();
  await pubsub?.close();
});

type Reply = { status: number; body?: string } | "never";

/** What the local stack's front is to `verify`: it says where Pub/Sub is, and passes requests on. */
async function startFront(target: string, intercept: (path: string) => Reply | undefined = () => undefined) {
  const server: Server = createServer(async (request, response) => {
    if (request.url === "/console/info") {
      response.end(JSON.stringify({ pubsub: pubsub.endpoint, project }));
      return;
    }
    const path = (request.url ?? "").replace(/^\/commerce/, "");
    const reply = intercept(path);
    if (reply === "never") return;
    if (reply !== undefined) {
      request.resume();
      response.writeHead(reply.status, { "content-type": "application/json" }).end(reply.body);
      return;
    }
    const { host: _, connection: __, "content-length": ___, ...headers } = request.headers;
    const body = request.method === "POST" ? await buffer(request) : null;
    const answer = await fetch(`${target}${path}`, {
      method: request.method ?? "GET",
      headers: headers as Record<string, string>,
      body,
    });
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
    response.end(await answer.text());
  });
  const port = await listenOnLoopback(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${port}`;
}

function runVerify(...args: string[]) {
  const script = new URL("../verify.ts", import.meta.url).pathname;
  return runProgram(process.execPath, [script, ...args], process.env);
}

test("a function that keeps its promises: exit code 0, nothing on other subscriptions, no subscription left", async () => {
  const admin = connectPubSub(pubsub.endpoint, project);
  await admin.createSubscription("default", topic, { ordered: true, filter: "NOT attributes:verification" });
  const seen: string[] = [];
  const reader = openSubscription(pubsub.endpoint, project, "default", ({ messageId }) => seen.push(messageId));
  const everything = await collectTopic(pubsub.endpoint, project, topic);
  const result = await runVerify("--local", await startFront(healthy.url), "commerce");
  expect(result).toMatchObject({ code: 0, stderr: "" });
  for (const promise of Object.values(promises)) expect(result.stdout).toContain(`ok      ${promise}\n`);
  expect(result.stdout).toMatch(/publish → arrival: p50 \d+ ms, max \d+ ms/);

  expect(everything.messages).toHaveLength(40);
  const users = new Set(everything.messages.map(({ orderingKey }) => orderingKey));
  expect([...users]).toEqual([expect.stringMatching(/^verification-[0-9a-f]{32}$/)]);
  const types = new Set(everything.messages.map(({ attributes }) => attributes.event_type));
  expect([...types].sort()).toEqual(Object.keys(domains.commerce.events).sort());
  expect(seen).toEqual([]);
  reader.close();
  await everything.close();
  await admin.deleteSubscription("default");
  admin.close();
  expect(pubsub.stats().held).toBe(0);
});

const doctors: readonly (readonly [string, Doctor, readonly PromiseName[]])[] = [
  ["reorders", { reorders: true }, ["order"]],
  [
    "alters a byte",
    { change: (message) => ({ ...message, data: Buffer.from(String(message.data).replace("89.90", "89.91")) }) },
    ["bytes"],
  ],
  ["answers before the acknowledgement", { answersEarly: true }, ["arrival", "bytes", "key", "attributes", "order"]],
  ["has a wrong key", { change: (message) => ({ ...message, orderingKey: `${message.orderingKey}.` }) }, ["key"]],
  [
    "leaves an attribute out",
    {
      change: ({ attributes, ...message }) => {
        const { event_id: _, ...others } = attributes ?? {};
        return { ...message, attributes: others };
      },
    },
    ["attributes"],
  ],
];

describe("a function that breaks a promise", () => {
  test.each(doctors)("%s", async (_, doctor, broken) => {
    const doctored = await startDoctoredPubSub(pubsub.endpoint, doctor);
    const running = await startFunction("commerce", { endpoint: doctored.endpoint, project });
    onTestFinished(async () => {
      await running.stop();
      doctored.close();
    });
    const [subject] = await findLocalSubjects(await startFront(running.url), ["commerce"]);
    if (subject === undefined) throw new Error("there is a function");
    const verdict = await verifyFunction(subject, { arrival: 3_000 });
    const lines = verdict.toLines().filter((line) => line.startsWith("BROKEN"));
    expect(verdict.isKept).toBe(false);
    expect(lines.map((line) => line.slice(8).split(": ")[0])).toEqual(
      broken.map((name) => promises[name].split(": ")[0]),
    );
  });

  test("and the command ends with 1", async () => {
    const front = await startFront(healthy.url, (path) =>
      path === "/health" ? { status: 200, body: '{"status":"ok","contract":"0123456789abcdef"}' } : undefined,
    );
    const { code, stdout } = await runVerify("--local", front, "commerce");
    expect(code).toBe(1);
    expect(stdout).toMatch(/BROKEN {2}its contract is this tree's: it says 0123456789abcdef, the tree [0-9a-f]{16}\n/);
  });
});

test("a grant that is still on its way is waited for", async () => {
  let refusals = 2;
  const front = await startFront(healthy.url, () => (refusals-- > 0 ? { status: 403 } : undefined));
  const [subject] = await findLocalSubjects(front, ["commerce"]);
  if (subject === undefined) throw new Error("there is a function");
  const verdict = await verifyFunction(subject, { pause: 50 });
  expect(verdict.isKept).toBe(true);
});

test("what cannot be found out: exit code 2 and one line", async () => {
  const { code, stderr } = await runVerify("--local", "http://127.0.0.1:9");
  expect([code, stderr]).toEqual([
    2,
    "no local stack answers at http://127.0.0.1:9; start it with npm start, or give its URL: --local http://localhost:PORT\n",
  ]);
  const front = await startFront(healthy.url, () => ({ status: 403 }));
  const [subject] = await findLocalSubjects(front, ["commerce"]);
  if (subject === undefined) throw new Error("there is a function");
  await expect(verifyFunction(subject, { grants: 200, pause: 50 })).rejects.toThrow(/answered 403: .*--invoker/);
});

test.each([
  [["--local", "--project", "shop-prod"], "--project does not go with --local"],
  [["http://localhost:1"], "http://localhost:1 needs --local"],
  [["--local", "carts"], `there is no function "carts"; there are ${functionNames.join(", ")}`],
  [["commerce"], "--project is missing: the id of the Google Cloud project"],
])("refuses %j in one line, with exit code 2", async (args, line) => {
  expect(await runVerify(...args)).toEqual({ code: 2, stdout: "", stderr: `${line}\n` });
});

test("broken off, it leaves no subscription behind", async () => {
  const front = await startFront(healthy.url, (path) => (path === "/events/batch" ? "never" : undefined));
  const script = new URL("../verify.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [script, "--local", front, "commerce"], { stdio: "ignore" });
  const ended = once(child, "exit");
  const client = new Client(pubsub.endpoint, credentials.createInsecure());
  onTestFinished(() => client.close());
  const list = async () => {
    const { subscriptions } = await callUnary(client, subscriberMethods.ListSubscriptions, {
      project: `projects/${project}`,
    });
    return subscriptions.filter(({ name }) => name.includes("/verify-"));
  };
  await vi.waitUntil(async () => (await list()).length === 1, { timeout: 20_000 });
  child.kill("SIGINT");
  expect(await ended).toEqual([2, null]);
  expect(await list()).toEqual([]);
});
