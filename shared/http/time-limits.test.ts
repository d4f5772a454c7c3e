import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { RawHttp } from "../../scripts/testing/raw-http.ts";
import { readBody } from "./body.ts";
import { Drain } from "./drain.ts";
import type { Take } from "./exchange.ts";
import { createHandler, ownServer } from "./own-server.ts";
import { Problem } from "./problem.ts";
import { timeLimits } from "./progress.ts";
import { toJsonAnswer } from "./respond.ts";
import { Room } from "./room.ts";

// Callers that take too long, on the wire, with limits of which a test can wait for the end.

const MIB = 1024 * 1024;
const rules = { limit: MIB, takesLines: false };
// The server has it from its beginning.
timeLimits.headersMs = 500;
const usual = { ...timeLimits };
const drain = new Drain();
const room = new Room();
const free = { ...room.free };
let answers: number;
let server: Server;
let client: RawHttp;

beforeAll(async () => {
  const take: Take = async (request, lease) => {
    answers++;
    if (request.url === "/nothing") return new Problem("not_found");
    if (request.url === "/much") return toJsonAnswer(200, "x".repeat(5 * MIB));
    return readBody(request, lease, rules).then(
      ({ bytes }) => toJsonAnswer(200, bytes.length),
      (error: Problem) => error,
    );
  };
  const handle = createHandler(
    drain,
    room,
    take,
    () => {},
    () => false,
  );
  server = createServer();
  ownServer(
    handle,
    () => {},
    drain,
    () => {},
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
beforeEach(async () => {
  answers = 0;
  client = await RawHttp.open((server.address() as AddressInfo).port);
});
afterEach(async () => {
  Object.assign(timeLimits, usual);
  client.close();
  await vi.waitUntil(() => isIdle());
  expect(room.free).toEqual(free);
});
afterAll(() => void server.close());

/** Whether no connection is left. */
const isIdle = () => new Promise<boolean>((resolve) => server.getConnections((_, count) => resolve(count === 0)));

const head = (target: string, ...headers: readonly string[]) =>
  `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${headers.map((line) => `${line}\r\n`).join("")}\r\n`;

/** Has the client write something all the time, until the test ends. */
function trickle(bytes: number): void {
  const timer = setInterval(() => client.write(Buffer.alloc(bytes, " ")), 10);
  client.socket.once("close", () => clearInterval(timer));
}

/** Waits for the end of the connection, which is a reset for a caller that is still sending. */
const isCut = () => new Promise((resolve) => client.socket.once("close", resolve));

/** Of a `408`. */
async function expectLate(detail: string): Promise<void> {
  const { status, headers, body } = await client.response();
  expect([status, headers.connection, headers["retry-after"]]).toEqual([408, "close", "2"]);
  expect(JSON.parse(body)).toMatchObject({ code: "request_timeout", detail, retryable: true });
}

describe("408 request_timeout", () => {
  it("headers that do not end", async () => {
    client.write("POST / HTTP/1.1\r\nHost: a\r\n");
    await expectLate("The headers were not complete after 0.5 s.");
    await client.ended();
  });

  it.each([
    ["a body that stops", "Content-Length: 1000", "{"],
    ["a chunked body that stops", "Transfer-Encoding: chunked", "5\r\n{"],
  ])("%s", async (_, framing, start) => {
    timeLimits.silentMs = 400;
    client.write(head("/", framing), start);
    await expectLate("Nothing came of the body for 0.4 s.");
    await client.ended();
  });

  it("a body that arrives steadily, but slowly: says what helps", async () => {
    Object.assign(timeLimits, { silentMs: 400, completeMs: 1000 });
    client.write(head("/", `Content-Length: ${MIB}`));
    trickle(100);
    await expectLate(
      "The body was not complete after 1 s: compress it with gzip, send a smaller event, or use a faster link.",
    );
    await client.ended();
  });
});

describe("what still comes of a body that was refused", () => {
  it.each([
    ["on a connection that ends", ["Connection: close"]],
    ["on one that would go on", []],
  ])("is read for a while, then the caller is cut off, %s", async (_, headers) => {
    timeLimits.lingerMs = 500;
    client.write(head("/nothing", ...headers, "Transfer-Encoding: chunked"), "100000\r\n");
    trickle(1000);
    expect((await client.response()).status).toBe(404);
    await isCut();
  });

  it.each([
    ["on a connection that ends", ["Connection: close"]],
    ["on one that would go on", []],
  ])("is read up to 32 MiB, %s", async (_, headers) => {
    client.write(head("/nothing", ...headers, `Content-Length: ${100 * MIB}`));
    expect((await client.response()).status).toBe(404);
    let sent = 0;
    const piece = Buffer.alloc(MIB);
    const cut = isCut();
    const send = (error?: unknown) => {
      if (!error && sent++ < 99) client.socket.write(piece, send);
    };
    send();
    await cut;
    // What the operating system holds comes on top.
    expect(sent).toBeGreaterThan(31);
    expect(sent).toBeLessThan(50);
  });

  it("ends, and the connection serves the next request", async () => {
    timeLimits.lingerMs = 300;
    client.write(head("/nothing", `Content-Length: ${2 * MIB}`), Buffer.alloc(MIB));
    expect((await client.response()).status).toBe(404);
    client.write(Buffer.alloc(MIB));
    await new Promise((resolve) => setTimeout(resolve, 600));
    client.write(head("/", "Content-Length: 2"), "{}");
    expect((await client.responses(2))[1]?.status).toBe(200);
  });

  it.each(["/nothing", "/"])("a caller that never reads nor ends its side is cut off (%s)", async (target) => {
    timeLimits.lingerMs = 300;
    client.socket.pause();
    client.write(head(target, "Connection: close", "Content-Length: 2"), "{}");
    await vi.waitUntil(() => answers === 1);
    await vi.waitUntil(isIdle);
  });
});

it("a caller that does not read its answer is cut off, and gets no further ones made", async () => {
  timeLimits.unreadMs = 500;
  client.socket.pause();
  for (let i = 0; i < 100; i++) client.write(head("/much", "Content-Length: 0"));
  await vi.waitUntil(() => answers > 0);
  await vi.waitUntil(isIdle);
  expect(answers).toBeLessThan(10);
  await vi.waitUntil(() => room.free.small === free.small);
});
