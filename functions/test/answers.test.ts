import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { readCommit } from "../../scripts/build/commit.ts";
import { contractFingerprint } from "../../scripts/build/schemas/fingerprint.ts";
import { collectTopic, type TopicCollector } from "../../scripts/pubsub/collect-topic.ts";
import { type FunctionProcess, startFunction } from "../../scripts/testing/function-process.ts";
import { sampleOf } from "../../scripts/testing/sample-of.ts";
import { domains } from "../../shared/events/registry.ts";

const endpoint = inject("pubsub");
const project = `answers-${randomUUID().slice(0, 8)}`;
const { sample } = domains.commerce.events["order.placed"];
let running: FunctionProcess;
let topic: TopicCollector;

beforeAll(async () => {
  topic = await collectTopic(endpoint, project, domains.commerce.topic);
  running = await startFunction("commerce", { endpoint, project });
});
afterAll(async () => {
  // Nothing that was refused reached the topic; nothing of it reached stderr.
  expect(topic.messages).toEqual([]);
  expect(running.stderr()).toBe("");
  await running.stop();
  await topic.close();
});

const json = { "content-type": "application/json" };

async function send(path: string, init: RequestInit): Promise<{ response: Response; answer: Record<string, unknown> }> {
  const response = await fetch(running.url + path, init);
  return { response, answer: JSON.parse((await response.text()) || "{}") };
}

async function expectProblem(
  { response, answer }: { response: Response; answer: Record<string, unknown> },
  status: number,
  code: string,
): Promise<void> {
  expect([response.status, answer.code]).toEqual([status, code]);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  expect(response.headers.get("x-powered-by")).toBeNull();
  expect(answer).toMatchObject({
    type: expect.any(String),
    title: expect.any(String),
    status,
    detail: expect.any(String),
  });
  expect(JSON.stringify(answer)).not.toMatch(/node_modules|index\.js|\.ts\b|\bat \S+ \(|valibot|express/);
}

describe("a body that is no JSON object", () => {
  it.each([
    ['{"event_type":"order.placed",}', "position 29"],
    ['{"event_type":"order.placed"', "position 28"],
    ["not json", "position 1"],
    ["{'a':1}", "position 1"],
    ["{} {}", "position 3"],
    ["", "position 0"],
    ["   ", "position 3"],
    ["\ufeff", "position 0"],
    ['{"a":"\u0001"}', "position 6"],
    ['{"user_id":"a\\ud800"}', "position"],
    ['[{"event_type":"order.placed"}]', "JSON object"],
    ['"text"', "JSON object"],
    ["null", "JSON object"],
    ["42", "JSON object"],
  ])("%j is malformed_json: %s", async (body, detail) => {
    const result = await send("/", { method: "POST", body, headers: json });
    await expectProblem(result, 400, "malformed_json");
    expect(result.answer.detail).toContain(detail);
  });

  it("no body at all is malformed_json", async () => {
    await expectProblem(await send("/", { method: "POST" }), 400, "malformed_json");
  });

  it("invalid UTF-8 is malformed_json", async () => {
    const body = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
    await expectProblem(await send("/", { method: "POST", body, headers: json }), 400, "malformed_json");
  });
});

describe("the event type", () => {
  it.each(["{}", '{"event_type":null}', '{"event_type":""}', '{"user_id":"u"}'])("%s is missing", async (body) => {
    const result = await send("/events/ingest", { method: "POST", body, headers: json });
    await expectProblem(result, 400, "missing_event_type");
    expect(result.answer.detail).toBe("Missing required field: event_type");
  });

  it.each(["order.shipped", "__proto__", "constructor", "toString", "ORDER.PLACED", 'x"y\r\nSet-Cookie: a=b'])(
    "%j is unknown",
    async (event_type) => {
      const body = JSON.stringify({ ...sample, event_type });
      const result = await send("/events/ingest", { method: "POST", body, headers: json });
      await expectProblem(result, 422, "unknown_event_type");
      expect(result.answer.detail).toBe(`Unknown event_type: ${event_type}`);
      expect(result.response.headers.get("set-cookie")).toBeNull();
    },
  );

  it.each([42, true, {}, [], ["order.placed"]])("%j is unknown", async (event_type) => {
    const body = JSON.stringify({ ...sample, event_type });
    await expectProblem(await send("/", { method: "POST", body, headers: json }), 422, "unknown_event_type");
  });

  it.each([
    [sampleOf("user-actions").event_type, "user-actions"],
    [sampleOf("system").event_type, "system"],
  ])("%s belongs to %s", async (event_type, owner) => {
    const body = JSON.stringify({ ...sample, event_type });
    const result = await send("/", { method: "POST", body, headers: json });
    await expectProblem(result, 422, "wrong_function");
    expect(result.answer.detail).toContain(owner);
  });
});

describe("an event that breaks its schema", () => {
  const { user_id: _, ...withoutUser } = sample;
  const secret = "s3cret-value";
  it.each<[string, object, string[]]>([
    ["user_id absent", withoutUser, ["user_id"]],
    ["user_id empty", { ...sample, user_id: "" }, ["user_id"]],
    ["user_id of 1,025 bytes", { ...sample, user_id: `${"ü".repeat(512)}x` }, ["user_id"]],
    ["user_id a number", { ...sample, user_id: 7 }, ["user_id"]],
    ["order_id null", { ...sample, order_id: null }, ["order_id"]],
    ["order_id too long", { ...sample, order_id: "x".repeat(1025) }, ["order_id"]],
    ["payload absent", { ...sample, payload: undefined }, ["payload"]],
    ["payload an array", { ...sample, payload: [] }, ["payload"]],
    ["payload null", { ...sample, payload: null }, ["payload"]],
    ["payload a string", { ...sample, payload: secret }, ["payload"]],
    ["event_id with a space", { ...sample, event_id: `${secret} x` }, ["event_id"]],
    ["event_id with a line break", { ...sample, event_id: "a\r\nX-Injected: 1" }, ["event_id"]],
    ["event_id of 129", { ...sample, event_id: "x".repeat(129) }, ["event_id"]],
    ["event_id null", { ...sample, event_id: null }, ["event_id"]],
    ["timestamp without an offset", { ...sample, timestamp: "2026-11-22T10:00:00" }, ["timestamp"]],
    ["timestamp a date", { ...sample, timestamp: "2026-11-22" }, ["timestamp"]],
    ["timestamp of a day that does not exist", { ...sample, timestamp: "2026-02-29T10:00:00Z" }, ["timestamp"]],
    ["timestamp a number", { ...sample, timestamp: 1763805600 }, ["timestamp"]],
    [
      "everything",
      { event_type: "order.placed", payload: secret, event_id: "" },
      ["event_id", "order_id", "payload", "user_id"],
    ],
  ])("%s: every fault with its path, none with its value", async (_name, event, paths) => {
    const result = await send("/", { method: "POST", body: JSON.stringify(event), headers: json });
    await expectProblem(result, 422, "invalid_event");
    const errors = result.answer.errors as { path: string; message: string }[];
    expect(errors.map(({ path }) => path).sort()).toEqual(paths);
    for (const error of errors) expect(error.message).not.toBe("");
    expect(JSON.stringify(result.answer)).not.toContain(secret);
  });
});

describe("path and method", () => {
  it("GET /health is ok, and says what runs, as the start line does", async () => {
    const { response, answer } = await send("/health?probe=1", {});
    const commit = readCommit();
    const identity = {
      version: manifest.version,
      ...(commit && { commit }),
      contract: contractFingerprint("commerce"),
    };
    expect([response.status, answer]).toEqual([200, { status: "ok", ...identity }]);
    expect(identity.contract).toMatch(/^[0-9a-f]{16}$/);
    expect(commit ?? "0123456789ab").toMatch(/^[0-9a-f]{12}$/);
    expect(running.logs[0]).toMatchObject({ severity: "INFO", message: "Function started", ...identity });
  });

  it.each(["/nothing", "/events", "/events/ingest/", "/favicon.ico", "/robots.txt", "/%E0%A4%A", "/__proto__"])(
    "%s is not found",
    async (path) => {
      await expectProblem(await send(path, {}), 404, "not_found");
    },
  );

  it.each([
    ["GET", "/", "POST"],
    ["PUT", "/events/ingest", "POST"],
    ["DELETE", "/events/batch", "POST"],
    ["OPTIONS", "/", "POST"],
    ["POST", "/health", "GET, HEAD"],
    ["POST", "/openapi.json", "GET, HEAD"],
  ])("%s %s is not allowed", async (method, path, allow) => {
    const result = await send(path, { method });
    await expectProblem(result, 405, "method_not_allowed");
    expect(result.response.headers.get("allow")).toBe(allow);
  });
});

describe("media type, charset and encoding", () => {
  const body = JSON.stringify(sample);
  it.each<[string, Record<string, string>]>([
    ["no content type", { "content-type": "" }],
    ["text", { "content-type": "text/plain" }],
    ["a form", { "content-type": "application/x-www-form-urlencoded" }],
    ["NDJSON on the single route", { "content-type": "application/x-ndjson" }],
    ["a charset that is not UTF-8", { "content-type": "application/json; charset=iso-8859-1" }],
    ["an unknown charset", { "content-type": "application/json; charset=klingon" }],
    ["an unknown encoding", { ...json, "content-encoding": "zstd" }],
    ["two encodings", { ...json, "content-encoding": "gzip, br" }],
  ])("%s is unsupported_media_type", async (_, headers) => {
    await expectProblem(await send("/", { method: "POST", body, headers }), 415, "unsupported_media_type");
  });

  it.each(["gzip", "deflate", "br"])("bytes that are not %s are malformed_json", async (encoding) => {
    const headers = { ...json, "content-encoding": encoding };
    await expectProblem(await send("/", { method: "POST", body, headers }), 400, "malformed_json");
  });

  it("gzip that is cut short is malformed_json", async () => {
    const headers = { ...json, "content-encoding": "gzip" };
    const cut = gzipSync(body).subarray(0, -12);
    await expectProblem(await send("/", { method: "POST", body: cut, headers }), 400, "malformed_json");
  });
});

describe("what is no HTTP request", () => {
  const sendRaw = (text: string) =>
    new Promise<string>((resolve) => {
      let answer = "";
      const socket = connect(running.port, "127.0.0.1", () => socket.write(text));
      socket.on("data", (chunk) => {
        answer += chunk;
      });
      socket.on("close", () => resolve(answer));
    });

  it.each([
    ["not HTTP", "HELLO\r\n\r\n", 400, "malformed_request"],
    ["headers too large", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431, "headers_too_large"],
    ["no Host", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 400, "malformed_request"],
    [
      "an unknown expectation",
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: x\r\nConnection: close\r\n\r\n",
      400,
      "malformed_json",
    ],
  ])("%s gets problem details", async (_, text, status, code) => {
    const answer = await sendRaw(text);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer.toLowerCase()).toContain("content-type: application/problem+json");
    expect(JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")))).toMatchObject({ status, code });
  });
});
