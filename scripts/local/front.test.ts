import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { domains } from "../../shared/events/registry.ts";
import { listenOnLoopback } from "../common/free-port.ts";
import { RawHttp } from "../testing/raw-http.ts";
import { sampleOf } from "../testing/sample-of.ts";
import { LocalConsole } from "./console/local-console.ts";
import { type Front, startFront } from "./front.ts";

// The front before functions that only note what they get; what is for none of them is judged by the functions' own code.

const got: string[] = [];
const functions = new Map<string, { readonly name: string; readonly port: number }>();
const servers = Object.keys(domains).map((name) => {
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const { method, url } = request;
    if (url === "/health") {
      response.end(JSON.stringify({ status: "ok", version: "1", contract: name }));
      return;
    }
    got.push(`${name} ${method} ${url} ${await text(request)}`);
    response.writeHead(202, { "Content-Length": 2 }).end("{}");
  };
  const server = createServer(take).on("checkExpectation", take);
  server.on("checkContinue", (request, response) => {
    if (request.url === "/refused") response.writeHead(405, { "Content-Length": 2 }).end("{}");
    else {
      response.writeContinue();
      take(request, response);
    }
  });
  return { name, server };
});
let front: Front;

beforeAll(async () => {
  for (const { name, server } of servers) functions.set(name, { name, port: await listenOnLoopback(server) });
  const all = Object.values(domains);
  const eventTypes = new Map(all.flatMap(({ name, events }) => Object.keys(events).map((type) => [type, name])));
  const local = new LocalConsole({ broker: { kind: "embedded", endpoint: "" }, project: "p", domains: all } as never);
  const behind = { ready: Promise.resolve(local), functions, eventTypes };
  front = await startFront(0, behind, {
    answered: () => {},
    failed: (error) => expect.unreachable(error.stack),
  });
});
afterAll(async () => {
  await front.close();
  for (const { server } of servers) server.close().closeAllConnections();
});
beforeEach(() => void got.splice(0));

const order = domains.commerce.events["order.placed"].sample;
const stock = sampleOf("system");
const json = { "Content-Type": "application/json" };

async function post(path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = json) {
  const response = await fetch(`http://127.0.0.1:${front.port}${path}`, { method: "POST", headers, body });
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
}

describe("what is for no function", () => {
  it.each([
    ["an unknown type", "/events/ingest", '{"event_type":"x.y"}', 422, "unknown_event_type", "Unknown event_type: x.y"],
    ["no type", "/events/ingest", "{}", 400, "missing_event_type", "Missing required field: event_type"],
    ["broken JSON", "/events/ingest", '{"event_type":"order.placed",}', 400, "malformed_json", /position/],
    ["an array without known types", "/events/ingest", "[{}]", 400, "malformed_json", /object/],
    ["an object as a batch", "/events/batch", '{"event_type":"x"}', 400, "malformed_json", /array/],
    ["an empty batch", "/events/batch", "[]", 422, "invalid_batch", /no events|at least|1 to/],
    ["broken JSON to be checked", "/events/validate", "{", 400, "malformed_json", /position/],
  ])("is answered by the front as by a function: %s", async (_, path, body, status, code, detail) => {
    const { status: answered, answer } = await post(path, body);
    expect([answered, answer]).toEqual([
      status,
      expect.objectContaining({ code, detail: expect.stringMatching(detail) }),
    ]);
    expect(got).toEqual([]);
  });

  it("has an entry for each event of a batch", async () => {
    const { status, answer } = await post("/events/batch", '[{},{"event_type":"x"},1]');
    expect(status).toBe(422);
    expect((answer.results as { code: string }[]).map(({ code }) => code)).toEqual([
      "missing_event_type",
      "unknown_event_type",
      "malformed_json",
    ]);
    expect(got).toEqual([]);
  });

  it.each([
    ["a media type", { "Content-Type": "text/plain" }, "{}", 415],
    ["an encoding", { ...json, "Content-Encoding": "zstd" }, "{}", 415],
    ["what is no gzip", { ...json, "Content-Encoding": "gzip" }, "{}", 400],
    ["what inflates beyond the limit", { ...json, "Content-Encoding": "gzip" }, gzipSync(" ".repeat(12 << 20)), 413],
  ])("is refused for %s, and no function hears of it", async (_, headers, body, status) => {
    expect((await post("/events/ingest", body as string, headers)).status).toBe(status);
    expect(got).toEqual([]);
  });
});

describe("a batch", () => {
  it.each(["/events/batch", "/events/validate"])(
    "of several functions is refused, and told where to go: %s",
    async (path) => {
      const { status, answer } = await post(path, JSON.stringify([order, {}, stock, order]));
      const detail = new RegExp(`order.placed to /commerce/events/batch, ${stock.event_type} to /system/events/batch`);
      expect([status, answer]).toEqual([
        422,
        expect.objectContaining({ code: "wrong_function", detail: expect.stringMatching(detail) }),
      ]);
      expect(got).toEqual([]);
    },
  );

  it("of one function goes there, with what no function knows", async () => {
    const batch = JSON.stringify([{ event_type: "x" }, order]);
    expect((await post("/events/batch", batch)).status).toBe(202);
    expect(got).toEqual([`commerce POST /events/batch ${batch}`]);
  });
});

describe("Expect", () => {
  const head = (method: string, path: string, ...headers: readonly string[]) =>
    `${[`${method} ${path} HTTP/1.1`, "Host: localhost", ...headers].join("\r\n")}\r\n\r\n`;
  const body = JSON.stringify(order);
  const length = `Content-Length: ${body.length}`;
  const type = "Content-Type: application/json";
  const waits = "Expect: 100-continue";

  it.each([
    ["an unknown path", head("POST", "/nowhere", type, length, waits), 404],
    ["a wrong method", head("PUT", "/events/ingest", type, length, waits), 405],
    ["a media type", head("POST", "/events/ingest", "Content-Type: text/plain", length, waits), 415],
    ["a length", head("POST", "/events/ingest", type, "Content-Length: 99999999", waits), 413],
    ["what a function refuses", head("POST", "/commerce/refused", type, length, waits), 405],
  ])("sends no body that is refused for %s", async (_, request, status) => {
    const connection = await RawHttp.open(front.port);
    const { status: first, headers } = await connection.write(request).response();
    expect([first, connection.text.includes("100 Continue")]).toEqual([status, false]);
    if (status !== 405) expect(headers["content-type"]).toBe("application/problem+json");
    connection.close();
  });

  it.each([
    ["the front", "/events/ingest", "/events/ingest"],
    ["a function", "/commerce/events/ingest", "/events/ingest"],
  ])("goes on where %s wants the body", async (_, path, own) => {
    const connection = await RawHttp.open(front.port);
    connection.write(head("POST", path, type, length, waits));
    expect((await connection.response()).status).toBe(100);
    const [, answer] = await connection.write(body).responses(2);
    expect([answer?.status, got]).toEqual([202, [`commerce POST ${own} ${body}`]]);
    connection.close();
  });

  it("of something else does not matter, as to a function", async () => {
    const connection = await RawHttp.open(front.port);
    const request = head("POST", "/events/ingest", type, length, "Expect: something");
    expect((await connection.write(request, body).response()).status).toBe(202);
    connection.close();
  });

  it.each([
    ["HTTP/1.0", 422, "unknown_event_type"],
    ["HTTP/1.1", 400, "malformed_request"],
  ])("is no matter to %s without a Host, which is answered as by a function", async (version, status, code) => {
    const connection = await RawHttp.open(front.port);
    const text = '{"event_type":"x"}';
    connection.write(`POST /events/ingest ${version}\r\n${type}\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
    const { status: answered, body: answer } = await connection.response();
    expect([answered, JSON.parse(answer)]).toEqual([status, expect.objectContaining({ code })]);
    connection.close();
  });

  it.each(["HTTP/1.0", "HTTP/1.1"])(
    "is heard when a large body is refused on a connection that ends: %s",
    async (version) => {
      const connection = await RawHttp.open(front.port);
      const large = Buffer.alloc(4 << 20, " ");
      connection.write(
        `POST /nowhere ${version}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${large.length}\r\n\r\n`,
        large,
      );
      expect((await connection.response()).status).toBe(404);
      await connection.end().ended();
    },
  );
});

it.each(["/events/ingest/", "//events//batch"])(
  "names the path that was meant, as a function does: %s",
  async (path) => {
    const { status, answer } = await post(path, "{}");
    const detail = expect.stringContaining(`/events/${path.includes("batch") ? "batch" : "ingest"} is meant`);
    expect([status, answer]).toEqual([404, expect.objectContaining({ code: "not_found", detail })]);
  },
);

it("tells of all functions in its health, with the contract of each", async () => {
  const response = await fetch(`http://127.0.0.1:${front.port}/health`);
  const contract = Object.fromEntries(Object.keys(domains).map((name) => [name, name]));
  expect([response.status, await response.json()]).toEqual([200, { status: "ok", version: "1", contract }]);
});

it("says to the editor what it says to a caller, without a status that a browser would note", async () => {
  for (const text of ["{", '{"event_type":"x"}', JSON.stringify([order, stock])]) {
    const { answer } = await post("/events/validate", text);
    expect(await post("/console/check", text)).toEqual({ status: 200, answer });
  }
});

it.each([
  ["/events/ingest", 413],
  ["/nowhere", 404],
  ["/health", 405],
])("a caller of 25 MiB on a connection that ends with its answer hears it: POST %s", async (path, status) => {
  const socket = connect({ port: front.port, host: "127.0.0.1", allowHalfOpen: true });
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk;
  });
  const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n`;
  const chunk = `100000\r\n${" ".repeat(1 << 20)}\r\n`;
  for (const piece of [`${head}Transfer-Encoding: chunked\r\n\r\n`, ...Array(25).fill(chunk), "0\r\n\r\n"]) {
    // Rejects where the connection breaks before all is sent.
    if (!socket.write(piece)) await once(socket, "drain");
  }
  socket.end();
  await once(socket, "close");
  expect(answer).toMatch(`HTTP/1.1 ${status} `);
});
