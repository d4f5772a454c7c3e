import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type FunctionProcess, startFunction } from "../../scripts/testing/function-process.ts";
import { post as postTo } from "../../scripts/testing/post.ts";
import { type RawServer, startRawServer } from "../../scripts/testing/raw-http2.ts";
import { domains } from "../../shared/events/registry.ts";

// Large events must not hold up small ones on their way to Pub/Sub. This server never widens its window of 64 KiB: a larger
// request never gets through, and neither does what waits behind it.

const WINDOW = 65_535;
/** Above what a loaded machine needs for a small event: the large ones take all of it. */
const env = { PUBLISH_TIMEOUT_MS: "6000" };
const { sample } = domains.commerce.events["order.placed"];
let server: RawServer;
let unanswered = 0;
let running: FunctionProcess;

beforeAll(async () => {
  server = await startRawServer({
    onRequest(stream) {
      if (stream.body.includes("unanswered")) {
        unanswered++;
        return;
      }
      stream.headers({ ":status": "200", "content-type": "application/grpc" });
      stream.data(Buffer.from([0, 0, 0, 0, 3, 10, 1, 0x31]));
      stream.headers({ "grpc-status": "0" }, true);
    },
  });
  running = await startFunction("commerce", { endpoint: `127.0.0.1:${server.port}`, project: "p", env });
});
afterAll(async () => {
  await running.stop();
  await server.close();
});

const send = async (path: string, body: unknown) => (await postTo(running.url + path, body)).status;

const post = (noteBytes: number) =>
  send("/", { ...sample, user_id: randomUUID(), payload: { note: "a".repeat(noteBytes) } });

it("a small event is acknowledged while large ones wait to be read", async () => {
  expect(await post(10)).toBe(202);
  const large = Promise.all(Array.from({ length: 6 }, () => post(1_000_000)));
  const isStuck = () => [...server.sockets].some(({ bytesRead }) => bytesRead > WINDOW);
  await vi.waitUntil(isStuck, { timeout: 20_000 });
  expect(await post(10)).toBe(202);
  expect(await large).toEqual(Array(6).fill(504));
});

it("a small event is acknowledged while large batches wait for Pub/Sub, all that are taken", async () => {
  // Two take all of MAX_IN_FLIGHT, and more calls than one connection may have open.
  const toBatch = (_: unknown, batch: number) =>
    Array.from({ length: 1000 }, (_, i) => ({ ...sample, user_id: `unanswered-${batch}-${i}` }));
  const batches = Promise.all(Array.from({ length: 2 }, toBatch).map((body) => send("/events/batch", body)));
  await vi.waitUntil(() => unanswered >= 100, { timeout: 20_000 });
  expect(await post(10)).toBe(202);
  expect(await batches).toEqual([504, 504]);
});
