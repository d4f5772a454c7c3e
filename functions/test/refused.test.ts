import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { type FunctionProcess, startFunction } from "../../scripts/testing/function-process.ts";
import { RawHttp, type RawResponse } from "../../scripts/testing/raw-http.ts";
import { domains } from "../../shared/events/registry.ts";

// Every refusal is heard by a caller that sends all of its body before it reads: on a connection that ends with the answer,
// what was not read of the body would become a reset, and take the answer with it.

const MB = 1_000_000;
const endpoint = inject("pubsub");
const project = `refused-${randomUUID().slice(0, 8)}`;
let running: FunctionProcess;
const open: RawHttp[] = [];

beforeAll(async () => {
  running = await startFunction("commerce", { endpoint, project });
});
afterAll(async () => {
  for (const client of open.splice(0)) client.close();
  expect(running.stderr()).toBe("");
  expect(await running.stop()).toBe(0);
});

const connect = async (port = running.port) => {
  const client = await RawHttp.open(port);
  open.push(client);
  return client;
};

/** How a body of so many bytes goes over the wire. */
type Framing = (bytes: number) => readonly [headers: readonly string[], body: Buffer];

const spaces = (bytes: number) => Buffer.alloc(bytes, " ");
const withLength: Framing = (bytes) => [[`Content-Length: ${bytes}`], spaces(bytes)];
const chunked: Framing = (bytes) => {
  const chunk = Buffer.concat([Buffer.from("10000\r\n"), spaces(0x10000), Buffer.from("\r\n")]);
  const chunks = Array.from({ length: Math.ceil(bytes / 0x10000) }, () => chunk);
  return [["Transfer-Encoding: chunked"], Buffer.concat([...chunks, Buffer.from("0\r\n\r\n")])];
};
/** Inflates to more than is taken, and goes on in bytes that count as gzip's. */
const gzip: Framing = (bytes) => {
  const member = gzipSync(spaces(10 * MB));
  const body = Buffer.concat([member, Buffer.alloc(bytes, member)]);
  return [[`Content-Length: ${body.length}`, "Content-Encoding: gzip"], body];
};

/** What a client writes first of a request; its host and the type of its body are as they should be. */
const head = (line: string, headers: readonly string[]) =>
  `${[line, "Host: a", "Content-Type: application/json", ...headers].join("\r\n")}\r\n\r\n`;

/** Sends a request to its end before it reads anything. */
async function sendAll(line: string, headers: readonly string[], body: Buffer): Promise<RawHttp> {
  const client = await connect();
  client.socket.pause();
  client.write(head(line, headers));
  await new Promise((resolve) => client.socket.write(body, resolve));
  return client;
}

function expectProblem(response: RawResponse, status: number): void {
  expect([response.status, response.headers["content-type"]]).toEqual([status, "application/problem+json"]);
  expect(JSON.parse(response.body)).toMatchObject({ status, detail: expect.any(String) });
}

const refusals: readonly [target: string, headers: readonly string[], status: number][] = [
  ["POST /nothing", [], 404],
  ["PUT /", [], 405],
  ["POST /", [], 413],
  ["POST /events/ingest", ["Content-Encoding: zstd"], 415],
];

describe.concurrent.each<[string, string, readonly string[], Framing]>([
  ["HTTP/1.0", "HTTP/1.0", [], withLength],
  ["HTTP/1.0, keep-alive", "HTTP/1.0", ["Connection: keep-alive"], withLength],
  ["HTTP/1.1, close", "HTTP/1.1", ["Connection: close"], withLength],
  ["HTTP/1.1, close, chunked", "HTTP/1.1", ["Connection: close"], chunked],
  ["HTTP/1.1", "HTTP/1.1", [], withLength],
  ["HTTP/1.1, chunked", "HTTP/1.1", [], chunked],
])("%s", (_, version, headers, framing) => {
  it.each(refusals)("%s (%j) is heard: %i", async (target, more, status) => {
    const [length, body] = framing(9.5 * MB);
    const client = await sendAll(`${target} ${version}`, [...headers, ...more, ...length], body);
    client.socket.resume();
    expectProblem(await client.response(), status);
  });

  it("a caller that reads late hears it", async () => {
    const [length, body] = framing(9.5 * MB);
    const client = await sendAll(`POST / ${version}`, [...headers, ...length], body);
    await sleep(500);
    client.socket.resume();
    expectProblem(await client.response(), 413);
  });
});

it.each(["HTTP/1.0", "HTTP/1.1"])("gzip of more than is taken, by %s on a connection that ends", async (version) => {
  const [length, body] = gzip(12 * MB);
  const client = await sendAll(`POST / ${version}`, ["Connection: close", ...length], body);
  client.socket.resume();
  expectProblem(await client.response(), 413);
});

it.each(["HTTP/1.0", "HTTP/1.1"])("a body without a length, by %s", async (version) => {
  const client = await sendAll(`POST / ${version}`, ["Connection: close"], Buffer.alloc(9.5 * MB, "x"));
  client.socket.resume();
  expectProblem(await client.response(), 400);
});

it.each([
  ["headers that are too large", "POST / HTTP/1.1", [`X: ${"x".repeat(70_000)}`], 431],
  ["what is no HTTP", "HELLO", [], 400],
])("%s, with a body behind them", async (_, line, headers, status) => {
  const client = await sendAll(line, headers, spaces(9.5 * MB));
  client.socket.resume();
  expectProblem(await client.response(), status);
});

it("a chunk that is none, with more behind it", async () => {
  const body = Buffer.concat([Buffer.from("1\r\n{\r\nzz\r\n"), spaces(9.5 * MB)]);
  const client = await sendAll("POST / HTTP/1.1", ["Transfer-Encoding: chunked"], body);
  client.socket.resume();
  expectProblem(await client.response(), 400);
});

it("an answer that ended the connection is the last: what comes behind it is not taken", async () => {
  const event = JSON.stringify(domains.commerce.events["order.placed"].sample);
  const length = [`Content-Length: ${event.length}`];
  const client = await connect();
  client.write(head("POST /nothing HTTP/1.1", ["Expect: 100-continue", ...length]));
  expect((await client.response()).status).toBe(404);
  client.write(event, head("POST / HTTP/1.1", length), event);
  await client.ended();
  await sleep(200);
  expect(running.logs.map(({ message }) => message)).not.toContain("Event accepted");
});

describe.concurrent("SIGTERM", () => {
  it.each<[string, readonly string[], number]>([
    ["that was refused before", [], 404],
    ["of a connection that ends", ["Connection: close"], 404],
  ])("waits for the rest of a body %s", async (_, headers, status) => {
    const own = await startFunction("commerce", { endpoint, project });
    const client = await connect(own.port);
    client.socket.pause();
    client.write(head("POST /nothing HTTP/1.1", [`Content-Length: ${9 * MB}`, ...headers]), spaces(4 * MB));
    await vi.waitUntil(() => own.logs.some(({ code }) => code === "not_found"), 10_000);
    const exited = own.stop("SIGTERM");
    // Longer than a process takes to end that has nothing in flight.
    await sleep(1000);
    client.write(spaces(5 * MB));
    await sleep(500);
    client.socket.resume();
    expectProblem(await client.response(), status);
    client.close();
    expect(await exited).toBe(0);
  });

  it("waits for a body that it refuses itself", async () => {
    const own = await startFunction("commerce", { endpoint, project });
    const [idle, holder] = [await connect(own.port), await connect(own.port)];
    holder.write(head("POST / HTTP/1.1", ["Content-Length: 10", "Expect: 100-continue"]));
    // It has been taken.
    expect((await holder.response()).status).toBe(100);
    const exited = own.stop("SIGTERM");
    const isEnding = async () => (await fetch(`${own.url}/health`)).status === 503;
    await vi.waitUntil(isEnding, { timeout: 5000 });
    const countRefused = () => own.logs.filter(({ code }) => code === "shutting_down").length;
    const before = countRefused();
    idle.socket.pause();
    idle.write(head("POST / HTTP/1.1", [`Content-Length: ${8 * MB}`]), spaces(4 * MB));
    await vi.waitUntil(() => countRefused() > before, { timeout: 5000 });
    holder.close();
    await sleep(1000);
    idle.write(spaces(4 * MB));
    await sleep(500);
    idle.socket.resume();
    expectProblem(await idle.response(), 503);
    idle.close();
    expect(await exited).toBe(0);
  });
});
