import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { afterEach, expect, it, vi } from "vitest";
import { RawHttp } from "../../scripts/testing/raw-http.ts";
import { readBody } from "./body.ts";
import { Drain } from "./drain.ts";
import type { Take } from "./exchange.ts";
import { createHandler } from "./own-server.ts";
import { Problem } from "./problem.ts";
import { stopUploads } from "./progress.ts";
import { Room } from "./room.ts";

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
  const take: Take = (request, lease) =>
    readBody(request, lease, rules).then(
      ({ bytes }) => {
        onBody(bytes);
        return { status: 200, body: `${bytes.length}` };
      },
      (error: Problem) => error,
    );
  const handle = createHandler(
    new Drain(),
    room,
    take,
    () => {},
    () => false,
  );
  server = createServer((request, response) => handle(request, response));
  server.on("checkContinue", (request, response) => handle(request, response, () => response.writeContinue()));
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

/** Once the answers have left. */
const isFree = (room: Room, free: Room["free"]) =>
  vi.waitFor(() => expect(room.free).toEqual(free), { timeout: 10_000 });
const full = (room: Room) => vi.waitUntil(() => room.waiting.size > 0, { timeout: 5000 });

it("reserves what Content-Length says, and gives it back", async () => {
  const room = new Room({ small: LIMIT, large: LIMIT });
  const connect = await serveBodies(room);
  const client = (await connect()).write(head(`Content-Length: ${600 * KIB}`));
  await vi.waitUntil(() => room.free.large === 400 * KIB, { timeout: 5000 });
  client.write(Buffer.alloc(600 * KIB, "1"));
  expect((await client.response()).body).toBe(`${600 * KIB}`);
  await isFree(room, { small: LIMIT, large: LIMIT });
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
  await isFree(room, { small: LIMIT, large: 1500 * KIB });
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
  await isFree(room, { small: LIMIT, large: LIMIT });
});

it("fails what is arriving when the process ends", async () => {
  const room = new Room({ small: LIMIT, large: LIMIT });
  const connect = await serveBodies(room);
  const large = (await connect()).write(head(`Content-Length: ${900 * KIB}`), "1");
  const small = (await connect()).write(head("Content-Length: 10"), "1");
  await vi.waitUntil(() => room.free.large < LIMIT && room.free.small < LIMIT - 8 * KIB, { timeout: 5000 });
  await sleep(50);
  stopUploads(new Problem("shutting_down"));
  for (const client of [large, small]) expect((await client.response()).status).toBe(503);
});
