import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { generate } from "selfsigned";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { publisherMethods } from "../../scripts/pubsub/protocol.ts";
import { type FunctionProcess, startFunction } from "../../scripts/testing/function-process.ts";
import { domains } from "../../shared/events/registry.ts";

// As deployed: TLS to PUBSUB_ENDPOINT, and the function's own account by the metadata server.
const TOKEN = "ya29.token-of-the-function";
const folder = mkdtempSync(join(tmpdir(), "pulsecart-tls-"));
const calls: { authorization: unknown; routing: unknown; userAgent: unknown; topic: string }[] = [];
let tokenStatus = 200;
let pubsub: Server;
let pubsubPort: number;
let metadataServer: HttpServer;

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
      callback(null, { messageIds: ["42"] });
    },
  } as never);
  pubsubPort = await new Promise<number>((resolve, reject) => {
    pubsub.bindAsync("localhost:0", ServerCredentials.createSsl(null, [certificate]), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
  metadataServer = createServer((request, response) => {
    response.setHeader("Metadata-Flavor", "Google");
    if (request.url?.includes("/token")) {
      response.statusCode = tokenStatus;
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify({ access_token: TOKEN, expires_in: 3599, token_type: "Bearer" }));
    } else if (request.url?.includes("universe")) {
      response.statusCode = 404;
      response.end();
    } else response.end("demo-project");
  });
  await once(metadataServer.listen(0, "127.0.0.1"), "listening");
});
afterAll(() => {
  pubsub.forceShutdown();
  metadataServer.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  calls.length = 0;
  tokenStatus = 200;
});

type Callback = (error: null, response: { messageIds: string[] }) => void;

const start = () =>
  startFunction("commerce", {
    endpoint: "",
    project: "demo-project",
    env: {
      PUBSUB_ENDPOINT: `localhost:${pubsubPort}`,
      GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: join(folder, "ca.pem"),
      GCE_METADATA_HOST: `127.0.0.1:${(metadataServer.address() as AddressInfo).port}`,
      METADATA_SERVER_DETECTION: "assume-present",
      HOME: folder,
      PUBLISH_TIMEOUT_MS: "3000",
    },
  });

async function post(running: FunctionProcess): Promise<{ status: number; answer: Record<string, unknown> }> {
  const response = await fetch(running.url, {
    method: "POST",
    body: JSON.stringify(domains.commerce.events["order.placed"].sample),
    headers: { "content-type": "application/json" },
  });
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
}

it("the bundle publishes over TLS with the token of the function's account", async () => {
  const running = await start();
  try {
    expect(await post(running)).toMatchObject({ status: 202, answer: { message_id: "42" } });
    const topic = "projects/demo-project/topics/pulsecart.commerce-events";
    const expected = { authorization: `Bearer ${TOKEN}`, routing: `topic=${encodeURIComponent(topic)}`, topic };
    expect(calls).toMatchObject([expected]);
    // Connected by now: this one goes straight on the channel's session.
    expect(await post(running)).toMatchObject({ status: 202 });
    expect(calls[1]).toEqual({ ...expected, userAgent: "pulsecart-producer" });
    expect(running.stderr()).toBe("");
    expect(JSON.stringify(running.logs)).not.toContain(TOKEN);
  } finally {
    await running.stop();
  }
});

it("no token: an answer within the budget, no publish, and none of it in the answer", async () => {
  tokenStatus = 403;
  const running = await start();
  try {
    const { status, answer } = await post(running);
    expect(status).toBeGreaterThanOrEqual(500);
    expect(answer.event_id).toMatch(/^evt_/);
    expect(JSON.stringify(answer)).not.toMatch(/metadata|token|403/);
    expect(calls).toEqual([]);
    tokenStatus = 200;
    expect((await post(running)).status).toBe(202);
  } finally {
    await running.stop();
  }
});
