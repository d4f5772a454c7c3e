import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { afterEach, expect, it, vi } from "vitest";
import { RawHttp } from "../../scripts/testing/raw-http.ts";
import { readBody } from "./body.ts";
import { Problem } from "./problem.ts";
import { respond } from "./respond.ts";
import { type Lease, Room } from "./room.ts";

const KIB = 1024;
const LIMIT = 1000 * KIB;

let server: Server;
const clients: RawHttp[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  server.close();
});

/** Serves a route that reads bodies, and answers with their length. @returns what opens a connection to it */
async function serveBodies(room: Room, onBody: (body: Buffer) => void = () => {}): Promise<() => Promise<RawHttp>> {
  const rules = { limit: LIMIT, takesLines: false };
  const serve = async (request: IncomingMessage, response: ServerResponse, goOn?: () => void) => {
    const lease = room.open() as Lease;
    lease.goOn = goOn;
    const answer = await readBody(request, lease, rules).then(
      ({ bytes }) => {
        onBody(bytes);
        return { status: 200, body: `${bytes.length}` };
      },
      (error: Problem) => error,
    );
    lease.release();
    respond(response, answer, false);
  };
  server = createServer((request, response) => serve(request, response));
  server.on("checkContinue", (request, response) => serve(request, response, () => response.writeContinue()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return async () => {
    const client = await RawHttp.open((server.address() as AddressInfo).port);
    clients.push(client);
    return client;
  };
}

const head = (...headers: string[]) =>
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${headers.join("\r\n")}\r\n\r\n`;
const withLength = (body: Buffer, ...headers: string[]) => head(`Content-Length: ${body.length}`, ...headers);

const full = (room: Room) => vi.waitUntil(() => room.waiting > 0, { timeout: 5000 });

it("reserves what Content-Length says, and gives it back", async () => {
  const room = new Room({ small: LIMIT, large: LIMIT });
  const connect = await serveBodies(room);
  const client = (await connect()).write(head(`Content-Length: ${600 * KIB}`));
  await vi.waitUntil(() => room.free.large === 400 * KIB, { timeout: 5000 });
  client.write(Buffer.alloc(600 * KIB, "1"));
  expect((await client.response()).body).toBe(`${600 * KIB}`);
  expect(room.free).toEqual({ small: LIMIT, large: LIMIT });
});

it("does not read what waits, and lets small bodies pass", async () => {
  const room = new Room({ small: LIMIT, large: LIMIT });
  const connect = await serveBodies(room);
  const first = (await connect()).write(head(`Content-Length: ${900 * KIB}`));
  await vi.waitUntil(() => room.free.large < LIMIT, { timeout: 5000 });
  const body = Buffer.alloc(800 * KIB, "1");
  const second = (await connect()).write(withLength(body), body);
  await full(room);
  const small = (await connect()).write(withLength(Buffer.from("1")), "1");
  expect((await small.response()).body).toBe("1");
  expect(second.text).toBe("");
  first.write(Buffer.alloc(900 * KIB, "1"));
  expect((await second.response()).body).toBe(`${800 * KIB}`);
});

it.each<[string, (body: Buffer) => (string | Buffer)[]]>([
  ["chunked", (body) => [head("Transfer-Encoding: chunked"), `${body.length.toString(16)}\r\n`, body, "\r\n0\r\n\r\n"]],
  ["gzip", (body) => [withLength(gzipSync(body), "Content-Encoding: gzip"), gzipSync(body)]],
])("a %s body begins small, and reserves the whole limit once it is large", async (_, toRequest) => {
  const room = new Room({ small: LIMIT, large: 1500 * KIB });
  let read: Buffer = Buffer.alloc(0);
  const connect = await serveBodies(room, (body) => {
    read = body;
  });
  const holder = (await connect()).write(head(`Content-Length: ${600 * KIB}`));
  await vi.waitUntil(() => room.free.large === 900 * KIB, { timeout: 5000 });
  const small = (await connect()).write(...toRequest(Buffer.alloc(100 * KIB, "1")));
  expect((await small.response()).body).toBe(`${100 * KIB}`);
  const body = Buffer.from(Array.from({ length: 400 * KIB }, (_, i) => 0x30 + (i % 10)));
  const large = (await connect()).write(...toRequest(body));
  await full(room);
  expect(large.text).toBe("");
  holder.write(Buffer.alloc(600 * KIB, "1"));
  expect((await large.response()).body).toBe(`${400 * KIB}`);
  expect(read.equals(body)).toBe(true);
  expect(room.free).toEqual({ small: LIMIT, large: 1500 * KIB });
});

it("brotli reserves its window too, before it is decoded", async () => {
  const window = 16 * KIB * KIB;
  const room = new Room({ small: LIMIT, large: LIMIT + window });
  const connect = await serveBodies(room);
  const holder = (await connect()).write(head(`Content-Length: ${600 * KIB}`));
  await vi.waitUntil(() => room.free.large < LIMIT + window, { timeout: 5000 });
  const params = { [constants.BROTLI_PARAM_LGWIN]: 24 };
  const body = brotliCompressSync(Buffer.alloc(300 * KIB, "1"), { params });
  const client = (await connect()).write(withLength(body, "Content-Encoding: br"), body);
  await full(room);
  holder.write(Buffer.alloc(600 * KIB, "1"));
  expect((await client.response()).body).toBe(`${300 * KIB}`);
});

it("asks for a body only once there is room for it", async () => {
  const room = new Room({ small: LIMIT, large: LIMIT });
  const connect = await serveBodies(room);
  const first = (await connect()).write(head(`Content-Length: ${900 * KIB}`));
  await vi.waitUntil(() => room.free.large < LIMIT, { timeout: 5000 });
  const second = (await connect()).write(head(`Content-Length: ${800 * KIB}`, "Expect: 100-continue"));
  await full(room);
  await sleep(100);
  expect(second.text).toBe("");
  first.write(Buffer.alloc(900 * KIB, "1"));
  expect((await second.response()).status).toBe(100);
  second.write(Buffer.alloc(800 * KIB, "1"));
  expect((await second.responses(2))[1]?.body).toBe(`${800 * KIB}`);
});

it("refuses what finds no room in time", async () => {
  const room = new Room({ small: LIMIT, large: LIMIT });
  const connect = await serveBodies(room);
  const idle = (await connect()).write(head(`Content-Length: ${900 * KIB}`));
  await vi.waitUntil(() => room.free.large < LIMIT, { timeout: 5000 });
  const body = Buffer.alloc(800 * KIB, "1");
  const refused = (await connect()).write(withLength(body), body);
  await full(room);
  await sleep(2000);
  const patient = (await connect()).write(withLength(body), body);
  expect(JSON.parse((await refused.response()).body).code).toBe("overloaded");
  idle.close();
  expect((await patient.response()).status).toBe(200);
});

it("gives room back when a client goes away, while it sends or waits", async () => {
  const room = new Room({ small: LIMIT, large: LIMIT });
  const connect = await serveBodies(room);
  const first = (await connect()).write(head(`Content-Length: ${900 * KIB}`), "1");
  await vi.waitUntil(() => room.free.large < LIMIT, { timeout: 5000 });
  const second = (await connect()).write(head("Transfer-Encoding: chunked"), `${(300 * KIB).toString(16)}\r\n`);
  second.write(Buffer.alloc(300 * KIB, "1"));
  await full(room);
  second.close();
  first.close();
  await vi.waitUntil(() => room.free.large === LIMIT && room.free.small === LIMIT, { timeout: 10_000 });
});

it("fails what is arriving when the room is given up", async () => {
  const room = new Room({ small: LIMIT, large: LIMIT });
  const connect = await serveBodies(room);
  const large = (await connect()).write(head(`Content-Length: ${900 * KIB}`), "1");
  const small = (await connect()).write(head("Content-Length: 10"), "1");
  await vi.waitUntil(() => room.free.large < LIMIT && room.free.small < LIMIT - 8 * KIB, { timeout: 5000 });
  await sleep(50);
  room.giveUp(new Problem("shutting_down"));
  for (const client of [large, small]) expect((await client.response()).status).toBe(503);
});
