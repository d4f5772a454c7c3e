import { randomUUID } from "node:crypto";
import { status } from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { domains } from "../../../shared/events/registry.ts";
import { connectPubSub } from "../../pubsub/client.ts";
import { type FaultyPubSub, startFaultyPubSub } from "../../pubsub/faulty-pubsub.ts";
import { createDocumentValidator } from "../../testing/document-validator.ts";
import { type FunctionProcess, startFunction } from "../../testing/function-process.ts";
import { sampleOf } from "../../testing/sample-of.ts";
import { toDocument } from "./document.ts";

// The running function, with a Pub/Sub server that fails as it is told to: each answer is one that the document has.

const project = `documented-${randomUUID().slice(0, 8)}`;
const { sample } = domains.commerce.events["order.placed"];
const validator = createDocumentValidator(toDocument(domains.commerce), "commerce");
const json = { "content-type": "application/json" };
let pubsub: FaultyPubSub;
let running: FunctionProcess;

beforeAll(async () => {
  pubsub = await startFaultyPubSub();
  const admin = connectPubSub(pubsub.endpoint, project);
  await admin.createTopic(domains.commerce.topic);
  admin.close();
  const env = { PUBLISH_TIMEOUT_MS: "1500", MAX_IN_FLIGHT: "1" };
  running = await startFunction("commerce", { endpoint: pubsub.endpoint, project, env });
});
afterEach(() => pubsub.faults.clear());
afterAll(async () => {
  await running?.stop();
  await pubsub?.close();
});

async function send(method: string, path: string, init: RequestInit = {}): Promise<[number, string | undefined]> {
  const response = await fetch(running.url + path, { method, ...init });
  const body = (await response.json()) as { code?: string };
  validator.checkAnswer(method, path, response, body);
  return [response.status, body.code];
}

function post(path: string, value: unknown): Promise<[number, string | undefined]> {
  return send("POST", path, { headers: json, body: JSON.stringify(value) });
}

describe("the document has the answer", () => {
  it.each([
    ["202 to an event", "/", sample, 202, undefined],
    ["202 to a batch", "/events/batch", [sample, sample], 202, undefined],
    ["207 to a batch", "/events/batch", [sample, {}, null, { event_type: "order.lost" }], 207, undefined],
    ["422 to a batch", "/events/batch", [{ ...sample, user_id: 1 }], 422, undefined],
    ["invalid_batch", "/events/batch", [], 422, "invalid_batch"],
    ["malformed_json to a batch", "/events/batch", {}, 400, "malformed_json"],
    ["malformed_json", "/", [sample], 400, "malformed_json"],
    ["missing_event_type", "/", {}, 400, "missing_event_type"],
    ["unknown_event_type", "/", { event_type: "order.lost" }, 422, "unknown_event_type"],
    ["wrong_function", "/", { event_type: sampleOf("system").event_type }, 422, "wrong_function"],
    ["invalid_event", "/", { event_type: "order.placed", payload: [] }, 422, "invalid_event"],
  ])("%s", async (_, path, value, expectedStatus, code) => {
    expect(await post(path, value)).toEqual([expectedStatus, code]);
  });

  it.each(["/health", "/openapi.json"])("200 to GET %s", async (path) => {
    expect(await send("GET", path)).toEqual([200, undefined]);
  });

  it("method_not_allowed, with Allow", async () => {
    const response = await fetch(`${running.url}/health`, { method: "DELETE" });
    validator.checkAnswer("GET", "/health", response, await response.json());
    expect(response.status).toBe(405);
  });

  it.each([{ "content-type": "text/plain" }, { ...json, "content-encoding": "zstd" }])(
    "unsupported_media_type, for %j",
    async (headers) => {
      expect(await send("POST", "/", { headers, body: "{}" })).toEqual([415, "unsupported_media_type"]);
    },
  );

  it("payload_too_large", async () => {
    const body = " ".repeat(10 * 1024 * 1024 + 1);
    expect(await send("POST", "/events/batch", { headers: json, body })).toEqual([413, "payload_too_large"]);
  });

  it.each([
    ["publish_rejected", { kind: "error", code: status.INVALID_ARGUMENT }, 500],
    ["misconfigured", { kind: "error", code: status.NOT_FOUND }, 500],
    ["publish_unavailable", { kind: "error", code: status.UNAVAILABLE }, 503],
    ["publish_timeout", { kind: "hang" }, 504],
  ] as const)("%s, to an event and to a batch", async (code, fault, expectedStatus) => {
    pubsub.faults.every(1, fault);
    expect(await post("/events/ingest", sample)).toEqual([expectedStatus, code]);
    expect(await post("/events/batch", [sample, sample])).toEqual([expectedStatus, undefined]);
  });

  it("overloaded, to an event and to a batch", async () => {
    const before = pubsub.stats().publishRequests;
    pubsub.faults.every(1, { kind: "hang" });
    const underWay = post("/", sample);
    await vi.waitFor(() => expect(pubsub.stats().publishRequests).toBeGreaterThan(before), 10_000);
    expect(await post("/", sample)).toEqual([503, "overloaded"]);
    expect(await post("/events/batch", [sample])).toEqual([503, "overloaded"]);
    await underWay;
  });
});
