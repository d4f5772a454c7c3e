import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server as HttpServer, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status as grpc, Server, ServerCredentials } from "@grpc/grpc-js";
import { generate } from "selfsigned";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { listenOnLoopback } from "../../scripts/common/free-port.ts";
import { publisherMethods } from "../../scripts/pubsub/protocol.ts";
import { type FunctionProcess, startFunction } from "../../scripts/testing/function-process.ts";
import { post as postTo } from "../../scripts/testing/post.ts";
import { domains } from "../../shared/events/registry.ts";

// As deployed: TLS to PUBSUB_ENDPOINT, and the function's own account by the metadata server.
const folder = mkdtempSync(join(tmpdir(), "pulsecart-tls-"));
const BUDGET_MS = 3000;
/** Where it is spent to its end. */
const SHORT_BUDGET_MS = 800;

interface Call {
  readonly authorization: unknown;
  readonly routing: unknown;
  readonly userAgent: unknown;
  readonly topic: string;
}

type Callback = (error: { code: grpc; details: string } | null, response?: { messageIds: string[] }) => void;

const calls: Call[] = [];
/** Tokens that Pub/Sub refuses. */
const refused = new Set<unknown>();
/** Answers a request for a token. */
let giveToken: (response: ServerResponse) => void;
let tokensGiven = 0;
let pubsub: Server;
let pubsubPort: number;
let metadataServer: HttpServer;
let metadataPort: number;
let running: FunctionProcess;

beforeAll(async () => {
  const pem = await generate([{ name: "commonName", value: "localhost" }], {
    extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] }],
  });
  writeFileSync(join(folder, "ca.pem"), pem.cert);
  const certificate = { private_key: Buffer.from(pem.private), cert_chain: Buffer.from(pem.cert) };
  pubsub = new Server();
  pubsub.addService({ Publish: publisherMethods.Publish }, {
    Publish: (call: { metadata: { get(key: string): unknown[] }; request: { topic: string } }, callback: Callback) => {
      const [authorization] = call.metadata.get("authorization");
      const [routing] = call.metadata.get("x-goog-request-params");
      const [userAgent] = call.metadata.get("user-agent");
      calls.push({ authorization, routing, userAgent, topic: call.request.topic });
      if (refused.has(authorization)) callback({ code: grpc.UNAUTHENTICATED, details: "token expired" });
      else callback(null, { messageIds: ["42"] });
    },
  } as never);
  pubsubPort = await new Promise<number>((resolve, reject) => {
    pubsub.bindAsync("localhost:0", ServerCredentials.createSsl(null, [certificate]), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
  metadataServer = createServer((request, response) => {
    response.setHeader("Metadata-Flavor", "Google");
    if (request.url?.includes("/token")) giveToken(response);
    else response.writeHead(404).end();
  });
  metadataPort = await listenOnLoopback(metadataServer);
});
afterAll(() => {
  pubsub.forceShutdown();
  metadataServer.close();
  metadataServer.closeAllConnections();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  calls.length = 0;
  refused.clear();
  tokensGiven = 0;
  giveToken = giving();
});
afterEach(() => running.stop());

/** Gives `token-1`, `token-2` and so on, good for so many seconds. */
const giving =
  (expires_in = 3599) =>
  (response: ServerResponse) => {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ access_token: `token-${++tokensGiven}`, expires_in, token_type: "Bearer" }));
  };
const failing = (status: number) => (response: ServerResponse) => void response.writeHead(status).end("no");
const hanging = () => {};
const saying = (type: string, body: string) => (response: ServerResponse) =>
  void response.setHeader("Content-Type", type).end(body);

async function start(budgetMs = BUDGET_MS): Promise<void> {
  running = await startFunction("commerce", {
    endpoint: "",
    project: "demo-project",
    env: {
      PUBSUB_ENDPOINT: `localhost:${pubsubPort}`,
      GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: join(folder, "ca.pem"),
      GCE_METADATA_HOST: `127.0.0.1:${metadataPort}`,
      METADATA_SERVER_DETECTION: "assume-present",
      HOME: folder,
      // As on the platform, where the library waits for the metadata server without a limit of its own.
      K_SERVICE: "commerce",
      FUNCTION_TARGET: "commerce",
      PUBLISH_TIMEOUT_MS: String(budgetMs),
    },
  });
}

const post = () => postTo(running.url, domains.commerce.events["order.placed"].sample);

const tokensUsed = () => calls.map(({ authorization }) => authorization);

it("the bundle publishes over TLS with the token of the function's account", async () => {
  await start();
  expect(await post()).toMatchObject({ status: 202, answer: { message_id: "42" } });
  expect(await post()).toMatchObject({ status: 202 });
  const topic = "projects/demo-project/topics/pulsecart.commerce-events";
  const routing = `topic=${encodeURIComponent(topic)}`;
  const expected = { authorization: "Bearer token-1", routing, userAgent: "pulsecart-producer", topic };
  expect(calls).toEqual([expected, expected]);
  expect(running.stderr()).toBe("");
  expect(JSON.stringify(running.logs)).not.toContain("token-1");
});

describe("no token", () => {
  it.each<[string, (response: ServerResponse) => void]>([
    ["403", failing(403)],
    ["404", failing(404)],
    ["429", failing(429)],
    ["500", failing(500)],
    ["silence", hanging],
    ["cut off", (response) => void response.destroy()],
    ["an HTML page", saying("text/html", "<html>")],
    ["nothing", saying("application/json", "")],
    ["JSON of another kind", saying("application/json", "[]")],
    ["an object without a token", saying("application/json", '{"expires_in":3599}')],
    ["a token that is null", saying("application/json", '{"access_token":null,"expires_in":3599}')],
    ["a token that is empty", saying("application/json", '{"access_token":"","expires_in":3599}')],
    ["a token with a line break", saying("application/json", '{"access_token":"a\\nb","expires_in":3599}')],
    ["a token that no header takes", saying("application/json", '{"access_token":"\\u2028","expires_in":3599}')],
  ])("as the metadata server's answer is %s: 503, to be retried, and somebody has to act", async (_, respond) => {
    giveToken = respond;
    await start(SHORT_BUDGET_MS);
    const { status, headers, answer } = await post();
    expect([status, answer.code, answer.retryable]).toEqual([503, "publish_unavailable", true]);
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    expect(answer.event_id).toMatch(/^evt_/);
    expect(answer.detail).not.toMatch(/metadata|token|40/);
    expect(calls).toEqual([]);
    const line = await vi.waitUntil(() => running.logs.find(({ event_id }) => event_id === answer.event_id), {
      timeout: 10_000,
    });
    expect(line).toMatchObject({
      severity: "ERROR",
      code: "publish_unavailable",
      error: expect.stringMatching(/token/),
    });
    giveToken = giving();
    expect((await post()).status).toBe(202);
  });

  it("as the metadata server hangs: at most two requests are open there, the older one is aborted", async () => {
    const open = new Set<ServerResponse>();
    let asked = 0;
    let most = 0;
    giveToken = (response) => {
      asked++;
      open.add(response);
      response.once("close", () => open.delete(response));
      // Aborted and asked anew in one go: the one is seen a moment before the other.
      setTimeout(() => {
        most = Math.max(most, open.size);
      }, 50);
    };
    await start(1000);
    for (let i = 0; i < 3; i++) expect((await post()).status).toBe(503);
    expect(asked).toBeGreaterThan(3);
    expect(most).toBe(2);
    for (const response of open) giving()(response);
    giveToken = giving();
    expect((await post()).status).toBe(202);
  });

  it("until after the budget: what was answered as failed is not published", async () => {
    const waiting: ServerResponse[] = [];
    giveToken = (response) => waiting.push(response);
    await start(SHORT_BUDGET_MS);
    expect((await post()).status).toBe(503);
    for (const response of waiting) giving()(response);
    giveToken = giving();
    expect((await post()).status).toBe(202);
    expect(calls.length).toBe(1);
  });
});

describe("a token", () => {
  it("that Pub/Sub refuses is forgotten, and the event published with a new one", async () => {
    await start();
    expect((await post()).status).toBe(202);
    refused.add("Bearer token-1");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await post()).status).toBe(202);
    expect((await post()).status).toBe(202);
    expect(tokensUsed()).toEqual(["Bearer token-1", "Bearer token-1", "Bearer token-2", "Bearer token-2"]);
  });

  it("that Pub/Sub refuses like all others is 503, to be retried, and somebody has to act", async () => {
    for (let i = 1; i < 100; i++) refused.add(`Bearer token-${i}`);
    await start();
    const { status, answer } = await post();
    expect([status, answer.code, answer.retryable]).toEqual([503, "publish_unavailable", true]);
    const line = await vi.waitUntil(() => running.logs.find(({ event_id }) => event_id === answer.event_id), {
      timeout: 10_000,
    });
    expect(line).toMatchObject({ severity: "ERROR", error: "gRPC status 16: token expired" });
    // A new one now and then, not for each attempt.
    expect(tokensGiven).toBeGreaterThan(1);
    expect(tokensGiven).toBeLessThanOrEqual(1 + BUDGET_MS / 250);
  });

  it("in its last five minutes is used while the metadata server is away", async () => {
    giveToken = giving(290);
    await start();
    expect((await post()).status).toBe(202);
    giveToken = hanging;
    for (let i = 0; i < 3; i++) {
      const startedAt = performance.now();
      expect((await post()).status).toBe(202);
      expect(performance.now() - startedAt).toBeLessThan(BUDGET_MS / 2);
    }
  });
});
