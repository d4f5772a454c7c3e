import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { listenOnLoopback } from "../../scripts/common/free-port.ts";
import { type FunctionProcess, startFunction } from "../../scripts/testing/function-process.ts";
import { post as postTo } from "../../scripts/testing/post.ts";
import { type RawServer, type RawStream, startRawServer } from "../../scripts/testing/raw-http2.ts";
import { domains } from "../../shared/events/registry.ts";

// What a network, a proxy or a server that restarts does to the one connection of an instance. Whatever it was, new connections
// work afterwards: then the instance must, too.

const BUDGET_MS = 8000;
const { sample } = domains.commerce.events["order.placed"];
const folder = mkdtempSync(join(tmpdir(), "pulsecart-wedged-"));
let tls: { key: string; cert: string };
let metadataServer: Server;
let metadataPort: number;

beforeAll(async () => {
  const pem = await generate([{ name: "commonName", value: "localhost" }], {
    extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] }],
  });
  tls = { key: pem.private, cert: pem.cert };
  writeFileSync(join(folder, "ca.pem"), pem.cert);
  metadataServer = createServer((_, response) => {
    response.setHeader("Metadata-Flavor", "Google");
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ access_token: "token", expires_in: 3599, token_type: "Bearer" }));
  });
  metadataPort = await listenOnLoopback(metadataServer);
});
afterAll(() => {
  metadataServer.close();
  rmSync(folder, { recursive: true });
});

function acknowledge(stream: RawStream): void {
  stream.headers({ ":status": "200", "content-type": "application/grpc" });
  stream.data(Buffer.from([0, 0, 0, 0, 3, 10, 1, 0x31]));
  stream.headers({ "grpc-status": "0" }, true);
}

const start = (server: RawServer, isTls: boolean) =>
  startFunction("commerce", {
    endpoint: isTls ? "" : `127.0.0.1:${server.port}`,
    project: "p",
    env: {
      PUBLISH_TIMEOUT_MS: String(BUDGET_MS),
      ...(isTls && {
        PUBSUB_ENDPOINT: `localhost:${server.port}`,
        GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: join(folder, "ca.pem"),
        GCE_METADATA_HOST: `127.0.0.1:${metadataPort}`,
        METADATA_SERVER_DETECTION: "assume-present",
        HOME: folder,
      }),
    },
  });

/** Of a user of its own: one user's events would share a request. */
async function post({ url }: FunctionProcess): Promise<number> {
  return (await postTo(url, { ...sample, user_id: randomUUID() })).status;
}

const reset = (socket: Socket) => {
  socket.resetAndDestroy();
  return false;
};
const stayOpen = (socket: Socket) => {
  // Read, so that its end is noticed.
  socket.resume();
  return false;
};

// Side by side, as each is mostly waiting: for a PING, or for the budget's end.
describe.each([
  ["plain text", false],
  ["TLS", true],
] as const)("over %s, a connection that is cut, and then the next", (_, isTls) => {
  it.concurrent.each<[string, ((socket: Socket) => boolean)[]]>([
    ["is reset, and the one after stays silent", [reset, stayOpen]],
    ["stays silent", [stayOpen]],
    ["is reset three times, and two stay silent", [reset, reset, reset, stayOpen, stayOpen]],
  ])("%s: the event is published within its budget all the same", async (_name, faults) => {
    let broken = 0;
    const server = await startRawServer({ onRequest: acknowledge }, isTls ? tls : undefined);
    const running = await start(server, isTls);
    try {
      expect(await post(running)).toBe(202);
      server.behaviour.onConnection = (_count, socket) => faults[broken++]?.(socket) ?? true;
      for (const socket of server.sockets) socket.destroy();
      expect(await post(running)).toBe(202);
      expect(broken).toBeGreaterThan(faults.length);
      expect(await Promise.all([post(running), post(running)])).toEqual([202, 202]);
      // The connections that were given up are closed, the one that was never made as well.
      await vi.waitUntil(() => server.sockets.size === 1, { timeout: 5000 });
    } finally {
      await running.stop();
      await server.close();
    }
  });

  it.concurrent("takes calls and PINGs and answers neither: all events move to a new one", async () => {
    const server = await startRawServer({ onRequest: acknowledge }, isTls ? tls : undefined);
    const running = await start(server, isTls);
    try {
      expect(await post(running)).toBe(202);
      const answering = server.behaviour;
      Object.assign(answering, { answersPings: false, onRequest: () => {} });
      server.behaviour = { onRequest: acknowledge };
      expect(await Promise.all([post(running), post(running), post(running)])).toEqual([202, 202, 202]);
      expect(server.connections).toBe(2);
    } finally {
      await running.stop();
      await server.close();
    }
  });

  it.concurrent("answers PINGs and no calls: the events fail, and those after them are published on a new one", async () => {
    const server = await startRawServer({ onRequest: acknowledge }, isTls ? tls : undefined);
    const running = await start(server, isTls);
    try {
      expect(await post(running)).toBe(202);
      Object.assign(server.behaviour, { onRequest: () => {} });
      server.behaviour = { onRequest: acknowledge };
      expect(await post(running)).toBe(504);
      expect(await post(running)).toBe(202);
    } finally {
      await running.stop();
      await server.close();
    }
  });
});
