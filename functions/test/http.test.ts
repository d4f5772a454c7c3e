import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { collectTopic, type TopicCollector } from "../../scripts/pubsub/collect-topic.ts";
import { type FunctionProcess, startFunction } from "../../scripts/testing/function-process.ts";
import { RawHttp, type RawResponse } from "../../scripts/testing/raw-http.ts";
import { domains } from "../../shared/events/registry.ts";

const MIB = 1024 * 1024;
const endpoint = inject("pubsub");
const project = `http-${randomUUID().slice(0, 8)}`;
const { sample } = domains.commerce.events["order.placed"];
const event = JSON.stringify(sample);
let running: FunctionProcess;
let topic: TopicCollector;
const open: RawHttp[] = [];

beforeAll(async () => {
  topic = await collectTopic(endpoint, project, domains.commerce.topic);
  // Whatever the registry enforces today.
  running = await startFunction("commerce", { endpoint, project, env: { PAYLOAD_CHECKS: "report" } });
});
afterEach(() => {
  for (const client of open.splice(0)) client.close();
});
afterAll(async () => {
  expect(running.stderr()).toBe("");
  expect(await running.stop()).toBe(0);
  await topic.close();
});

const connect = async () => {
  const client = await RawHttp.open(running.port);
  open.push(client);
  return client;
};

const head = (line: string, headers: readonly string[] = []) =>
  `${line} HTTP/1.1\r\n${["Host: a", "Content-Type: application/json", ...headers].join("\r\n")}\r\n\r\n`;

const post = (body: string | Buffer, headers: readonly string[] = [], target = "/") =>
  Buffer.concat([
    Buffer.from(head(`POST ${target}`, [`Content-Length: ${Buffer.byteLength(body)}`, ...headers])),
    Buffer.from(body),
  ]);

function expectProblem({ status, headers, body }: RawResponse, wanted: number, code: string): void {
  expect([status, headers["content-type"]]).toEqual([wanted, "application/problem+json"]);
  expect(JSON.parse(body)).toMatchObject({ status: wanted, code });
}

const send = async (...pieces: (string | Buffer)[]) => (await connect()).write(...pieces).response();

/** Waits until the lines of all requests before are there. @returns how many lines there are */
async function settleLog(): Promise<number> {
  const count = () => running.logs.filter(({ code }) => code === "not_found").length;
  const before = count();
  await send(head("GET /nothing"));
  await vi.waitUntil(() => count() > before, 10_000);
  return running.logs.length;
}

describe("the request line and its headers", () => {
  it("a client that half-closes after its request is answered", async () => {
    const client = (await connect()).write(post(event)).end();
    expect((await client.response()).status).toBe(202);
    await client.ended();
  });

  it("a client that half-closes within its body is told so", async () => {
    const client = (await connect()).write(post(event).subarray(0, -5)).end();
    expectProblem(await client.response(), 400, "malformed_request");
    await client.ended();
  });

  it.each([
    ["POST", "http://shop.example/", 202],
    ["POST", "http://shop.example:8080/events/ingest?x=1", 202],
    ["GET", "HTTP://shop.example/health", 200],
    ["GET", "http://shop.example/nothing", 404],
  ])("%s %s in absolute form is %i", async (method, target, status) => {
    const { status: answered } = await send(method === "POST" ? post(event, [], target) : head(`GET ${target}`));
    expect(answered).toBe(status);
  });

  it.each([["Host: b"], ["hOST: a"], ["Host: a", "Host:"]])(
    "a further host (%s) is malformed_request",
    async (...lines) => {
      expectProblem(await send(post(event, lines)), 400, "malformed_request");
    },
  );

  it("CONNECT gets an answer", async () => {
    const client = (await connect()).write("CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example:443\r\n\r\n");
    const response = await client.response();
    expectProblem(response, 405, "method_not_allowed");
    expect(response.headers.allow).toBe("GET, HEAD, POST");
    await client.ended();
  });

  it("what is no HTTP behind a good request does not take its answer", async () => {
    const client = (await connect()).write(post(event), "HELLO\r\n\r\n");
    const [first, second] = await client.responses(2);
    expect(first?.status).toBe(202);
    expectProblem(second as RawResponse, 400, "malformed_request");
    await client.ended();
  });

  it("a chunk that is none breaks its own request, with one answer", async () => {
    const client = (await connect()).write(head("POST /", ["Transfer-Encoding: chunked"]), '5\r\n{"a":\r\n', "zz\r\n");
    expectProblem(await client.response(), 400, "malformed_request");
    await client.ended();
    expect(await client.responses(1)).toHaveLength(1);
  });

  it.each([
    ["bytes that are not HTTP", ["HELLO\r\n\r\n"], "malformed_request"],
    ["headers that are too large", [head("GET /health", [`X: ${"x".repeat(70_000)}`])], "headers_too_large"],
    ["CONNECT", ["CONNECT shop.example:443 HTTP/1.1\r\nHost: a\r\n\r\n"], "method_not_allowed"],
    [
      "a broken chunk",
      [head("POST /", ["Transfer-Encoding: chunked"]), '5\r\n{"a":\r\n', "zz\r\n"],
      "malformed_request",
    ],
  ])("%s: one line in the log", async (_, pieces, code) => {
    const before = await settleLog();
    const client = (await connect()).write(...pieces);
    await client.response();
    await client.ended();
    await settleLog();
    expect(running.logs.slice(before)).toMatchObject([
      { severity: "INFO", message: "Request refused", code },
      { code: "not_found" },
    ]);
  });

  it("pipelined requests are answered in order", async () => {
    const client = (await connect()).write(post(event), head("GET /health"), post("{}"), post(event));
    const responses = await client.responses(4);
    expect(responses.map(({ status }) => status)).toEqual([202, 200, 400, 202]);
  });
});

it("a client is told the end by Connection: close: what comes behind such a request is not taken", async () => {
  const before = await settleLog();
  const last = post("{}", ["Connection: close"]);
  // In one piece: a write behind the end of a connection may cost this client its answer.
  const client = (await connect()).write(Buffer.concat([last, post(event), post(event)]));
  expect((await client.response()).status).toBe(400);
  await client.ended();
  expect(await client.responses(1)).toHaveLength(1);
  await settleLog();
  expect(running.logs.slice(before).filter(({ message }) => message === "Event accepted")).toEqual([]);
});

describe("an instance that is full", () => {
  it("refuses events, and says that it serves", async () => {
    // Bodies that do not end: those of 120 KiB until no more of them have room, then small ones until nothing has.
    const uploads = await Promise.all(Array.from({ length: 200 }, connect));
    for (const [i, upload] of uploads.entries()) {
      upload.write(post(Buffer.alloc(i < 140 ? 120 * 1024 : 100, " ")).subarray(0, -1));
    }
    await vi.waitUntil(async () => (await send(post(event))).status === 503, { timeout: 10_000, interval: 50 });
    expectProblem(await send(post(event)), 503, "overloaded");
    expect((await send(head("GET /health"))).status).toBe(200);
    expect((await send(head("GET http://a/health?x=1"))).status).toBe(200);
    expectProblem(await send(head("GET /openapi.json")), 503, "overloaded");
    for (const upload of uploads) upload.close();
    await vi.waitUntil(async () => (await send(post(event))).status === 202, { timeout: 10_000, interval: 50 });
  });
});

describe("Expect: 100-continue", () => {
  const expecting = ["Expect: 100-continue"];

  it("is told to continue, and answered", async () => {
    const bytes = post(event, expecting);
    const client = (await connect()).write(bytes.subarray(0, -event.length));
    expect((await client.response()).status).toBe(100);
    client.write(event);
    expect((await client.responses(2)).map(({ status }) => status)).toEqual([100, 202]);
  });

  it.each([
    ["a path that is not there", "POST /nothing", [], 404],
    ["a method that is not taken", "PUT /", [], 405],
    ["a body that is too large", "POST /", [`Content-Length: ${9 * MIB + 1}`], 413],
    ["a content encoding that is not known", "POST /", ["Content-Encoding: zstd"], 415],
    ["two hosts", "POST /", ["Host: b"], 400],
    ["a body of no bytes", "POST /", ["Content-Length: 0"], 400],
  ])("%s gets its answer alone", async (_, line, headers, status) => {
    const length = headers.some((header) => header.startsWith("Content-Length")) ? [] : ["Content-Length: 100"];
    const client = (await connect()).write(head(line, [...expecting, ...length, ...headers]));
    const response = await client.response();
    expect([response.status, response.headers.connection]).toEqual([status, "close"]);
    await client.ended();
    expect(await client.responses(1)).toHaveLength(1);
  });
});

describe("compressed bodies", () => {
  const gzip = ["Content-Encoding: gzip"];

  it.each([
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
    ["gzip", gzipSync],
  ])("bytes behind the end of %s are malformed_json, wherever the cut", async (encoding, compress) => {
    const compressed = compress(event);
    for (const rest of ["x", "\0", "\0".repeat(20), `{"a":1}${"x".repeat(100_000)}`]) {
      const bytes = post(Buffer.concat([compressed, Buffer.from(rest)]), [`Content-Encoding: ${encoding}`]);
      expectProblem(await send(bytes), 400, "malformed_json");
      const client = (await connect()).write(bytes.subarray(0, -rest.length));
      await sleep(50);
      expectProblem(await client.write(rest).response(), 400, "malformed_json");
    }
  });

  it("gzip goes on with its next member, wherever the cut", async () => {
    const bytes = post(Buffer.concat([gzipSync(event.slice(0, 20)), gzipSync(event.slice(20))]), gzip);
    expect((await send(bytes)).status).toBe(202);
    const second = gzipSync(event.slice(20)).length;
    const client = (await connect()).write(bytes.subarray(0, -second));
    await sleep(50);
    expect((await client.write(bytes.subarray(-second)).response()).status).toBe(202);
  });

  it("arrives byte by byte", async () => {
    const client = await connect();
    for (const byte of post(gzipSync(event), gzip)) client.write(Buffer.of(byte));
    expect((await client.response()).status).toBe(202);
  });

  it.each([", gzip", "gzip,", " , GZIP , ", "identity, x-gzip"])("Content-Encoding %j is gzip", async (value) => {
    expect((await send(post(gzipSync(event), [`Content-Encoding: ${value}`]))).status).toBe(202);
  });

  it.each(["", ",", " , ", "identity"])("Content-Encoding %j is identity", async (value) => {
    expect((await send(post(event, [`Content-Encoding: ${value}`]))).status).toBe(202);
  });
});

describe("an answer says what to do", () => {
  const ndjson = ["Content-Type: application/x-ndjson"];
  const single = { Accept: "application/json" };
  const either = { Accept: "application/json, application/x-ndjson" };
  const encodings = { "Accept-Encoding": "gzip, deflate, br" };
  const zlib = "The body is not valid deflate; the zlib format is wanted (RFC 1950), not raw deflate.";
  const array = "An event must be a JSON object; /events/batch takes an array of them, as application/json.";
  const perhaps = (path: string) => `There is nothing at this path; ${path} is meant, perhaps.`;

  it.each<[string, string, string | Buffer, readonly string[], number, string, Record<string, string>]>([
    ["raw deflate", "/", deflateRawSync(event), ["Content-Encoding: deflate"], 400, zlib, {}],
    [
      "raw deflate of a batch",
      "/events/batch",
      deflateRawSync(`[${event}]`),
      ["Content-Encoding: deflate"],
      400,
      zlib,
      {},
    ],
    [
      "Cloud Scheduler's default",
      "/",
      event,
      ["Content-Type: application/octet-stream"],
      415,
      "Content-Type application/octet-stream is not taken here; send application/json.",
      single,
    ],
    [
      "form data",
      "/events/batch",
      event,
      ["Content-Type: Application/X-WWW-Form-Urlencoded; charset=utf-8"],
      415,
      "Content-Type application/x-www-form-urlencoded is not taken here; send application/json or application/x-ndjson.",
      either,
    ],
    [
      "what is no media type",
      "/events/validate",
      event,
      ["Content-Type: json"],
      415,
      "Content-Type json is not taken here; send application/json or application/x-ndjson.",
      either,
    ],
    [
      "NDJSON to ingest",
      "/events/ingest",
      `${event}\n${event}\n`,
      ndjson,
      415,
      "Content-Type application/x-ndjson is not taken here; send application/json, or NDJSON to /events/batch.",
      single,
    ],
    [
      "another charset",
      "/",
      event,
      ["Content-Type: application/json; charset=ISO-8859-1"],
      415,
      "The charset ISO-8859-1 is not taken; it must be utf-8.",
      single,
    ],
    [
      "another encoding",
      "/",
      event,
      ["Content-Encoding: zstd"],
      415,
      "Content-Encoding zstd is not taken; it must be gzip, deflate or br.",
      encodings,
    ],
    [
      "two encodings",
      "/",
      event,
      ["Content-Encoding: gzip, br"],
      415,
      "Content-Encoding gzip, br is not taken; it must be gzip, deflate or br.",
      encodings,
    ],
    ["an array to ingest", "/events/ingest", ` [${event}]`, [], 400, array, {}],
    [
      "an array that is broken",
      "/events/ingest",
      `[${event}`,
      [],
      400,
      `Malformed JSON at position ${event.length + 1}.`,
      {},
    ],
    ["a trailing slash", "/events/ingest/", event, [], 404, perhaps("/events/ingest"), {}],
    ["slashes at the front", "//events//batch", event, [], 404, perhaps("/events/batch"), {}],
    ["two slashes alone", "//?x=1", event, [], 404, perhaps("/"), {}],
    ["another path", "/nothing/", event, [], 404, "There is nothing at this path.", {}],
  ])("%s", async (_, target, body, headers, status, detail, wanted) => {
    const hasType = headers.some((header) => header.startsWith("Content-Type"));
    const bytes = post(body, headers, target).toString("latin1");
    const text = hasType ? bytes.replace("Content-Type: application/json\r\n", "") : bytes;
    const answer = await send(Buffer.from(text, "latin1"));
    expect([answer.status, JSON.parse(answer.body).detail]).toEqual([status, detail]);
    expect(answer.headers).toMatchObject(
      Object.fromEntries(Object.entries(wanted).map(([name, value]) => [name.toLowerCase(), value])),
    );
  });

  it("no Content-Type", async () => {
    const answer = await send(post(event).toString().replace("Content-Type: application/json\r\n", ""));
    expect(JSON.parse(answer.body).detail).toBe("There is no Content-Type; send application/json.");
  });

  it.each([
    ["order.placed ", '"order.placed "'],
    ["\torder.placed", '"\torder.placed"'],
    ["order. placed", "order. placed"],
  ])("the unknown type %j", async (event_type, echo) => {
    const answer = await send(post(JSON.stringify({ ...sample, event_type })));
    expect(JSON.parse(answer.body).detail).toBe(`Unknown event_type: ${echo}`);
  });

  it("a currency that is none", async () => {
    const { body } = await send(
      post(JSON.stringify({ ...sample, payload: { ...(sample.payload as object), currency: "euro" } })),
    );
    expect(JSON.parse(body).warnings).toEqual([
      { path: "payload.currency", message: "must be three capital letters, as EUR" },
    ]);
  });
});

describe("Transfer-Encoding other than chunked alone is malformed_request, and the connection's last", () => {
  const chunks = `${event.length.toString(16)}\r\n${event}\r\n0\r\n\r\n`;

  it.each([
    ["Transfer-Encoding: gzip, chunked"],
    ["Transfer-Encoding: identity", "Transfer-Encoding: chunked"],
    ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
    ["Transfer-Encoding: chunked, identity"],
    ["Transfer-Encoding: gzip"],
    ["Transfer-Encoding: identity"],
    ["Transfer-Encoding: , chunked"],
  ])("%s", async (...lines) => {
    const client = (await connect()).write(head("POST /", lines), chunks);
    const answer = await client.response();
    expectProblem(answer, 400, "malformed_request");
    expect(answer.headers.connection).toBe("close");
    await client.ended();
    expect(await client.responses(1)).toHaveLength(1);
  });

  it.each(["Transfer-Encoding: chunked", "transfer-encoding:  Chunked "])("%s is taken", async (line) => {
    expect((await send(head("POST /", [line]), chunks)).status).toBe(202);
  });
});

describe("media types and byte order marks", () => {
  it.each(["application/x-ndjson", "application/ndjson", "application/jsonl; charset=utf-8"])(
    "%s is NDJSON",
    async (type) => {
      const bytes = post(`${event}\n${event}\n`, [], "/events/batch").toString().replace("application/json", type);
      const { status, body } = await send(bytes);
      expect([status, JSON.parse(body).results.length]).toEqual([202, 2]);
    },
  );

  it("a byte order mark is skipped, and not published", async () => {
    const user_id = randomUUID();
    const marked = JSON.stringify({ ...sample, user_id, event_id: user_id, timestamp: "2026-01-01T00:00:00Z" });
    expect((await send(post(`\ufeff${marked}`))).status).toBe(202);
    expect((await send(post(gzipSync(`\ufeff${marked}`), ["Content-Encoding: gzip"]))).status).toBe(202);
    const ndjson = post(`\ufeff${marked}\r\n\ufeff${marked.replace("event_id", "x")}\n`, [], "/events/batch");
    expect((await send(ndjson.toString().replace("application/json", "application/jsonl"))).status).toBe(202);
    const own = (await topic.waitFor((all) => ownOf(all).length === 4, 20_000)).filter(isOwn);
    for (const { data } of own) expect(data.toString()[0]).toBe("{");
    expect(own[0]?.data.toString()).toBe(marked);

    function isOwn({ orderingKey }: { orderingKey: string }): boolean {
      return orderingKey === user_id;
    }
    function ownOf<T extends { orderingKey: string }>(all: readonly T[]): T[] {
      return all.filter(isOwn);
    }
  });
});
