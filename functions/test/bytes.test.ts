import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { buffer } from "node:stream/consumers";
import { brotliCompressSync, createGzip, deflateSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { collectTopic, type TopicCollector } from "../../scripts/pubsub/collect-topic.ts";
import { type FunctionProcess, startFunction } from "../../scripts/testing/function-process.ts";
import { post as postTo } from "../../scripts/testing/post.ts";
import { domains } from "../../shared/events/registry.ts";

type Body = string | Buffer | ReadableStream;

const MIB = 1024 * 1024;
const endpoint = inject("pubsub");
const project = `bytes-${randomUUID().slice(0, 8)}`;
const { sample } = domains.commerce.events["order.placed"];
let running: FunctionProcess;
let topic: TopicCollector;

beforeAll(async () => {
  topic = await collectTopic(endpoint, project, domains.commerce.topic);
  running = await startFunction("commerce", {
    endpoint,
    project,
    // What the platform sets for its smallest useful instance: a crash here would be a crash there.
    // And whatever the registry enforces today.
    env: { NODE_OPTIONS: "--max-old-space-size=205", PAYLOAD_CHECKS: "report" },
  });
});
afterAll(async () => {
  expect(await running.stop()).toBe(0);
  expect(running.stderr()).toBe("");
  await topic.close();
});

const post = (body: Body, headers: Record<string, string> = {}, path = "/") =>
  postTo<Record<string, string>>(running.url + path, body, headers);

const findArrived = async (eventId: string | undefined) => {
  const isWanted = ({ attributes }: { attributes: Record<string, string> }) => attributes.event_id === eventId;
  return (await topic.waitFor((all) => all.some(isWanted), 20_000)).find(isWanted)?.data;
};

/** An order whose payload holds these bytes as a JSON value. */
const wrap = (value: Buffer) => {
  const { payload: _, ...envelope } = sample;
  return Buffer.concat([Buffer.from('{"payload":{"x":'), value, Buffer.from(`},${JSON.stringify(envelope).slice(1)}`)]);
};

describe("content encodings", () => {
  it.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
    ["identity", (body: Buffer) => body],
  ])("%s arrives inflated, byte for byte", async (encoding, compress) => {
    const body = Buffer.from(JSON.stringify(sample));
    const { status, answer } = await post(compress(body), { "content-encoding": encoding });
    expect(status).toBe(202);
    expect((await findArrived(answer.event_id))?.toString().endsWith(body.toString().slice(1))).toBe(true);
  });
});

describe("limits", () => {
  const eventOf = (bytes: number) => {
    const envelope = JSON.stringify({ ...sample, event_id: randomUUID(), payload: { x: "" } });
    return envelope.replace('"x":""', `"x":"${"a".repeat(bytes - envelope.length)}"`);
  };

  it("takes an event of 9 MiB", async () => {
    const body = eventOf(9 * MIB);
    const { status, answer } = await post(body);
    expect([status, answer.detail]).toEqual([202, undefined]);
    expect((await findArrived(answer.event_id))?.length).toBeGreaterThanOrEqual(9 * MIB);
  });

  const stream = (bytes: number) =>
    new ReadableStream({
      start(controller) {
        for (let sent = 0; sent < bytes; sent += 64 * 1024) controller.enqueue(Buffer.alloc(64 * 1024, 0x20));
        controller.close();
      },
    });

  it.each<[string, () => Body, Record<string, string>, string]>([
    ["one byte more", () => eventOf(9 * MIB + 1), {}, "/"],
    ["the same in chunks", () => stream(9 * MIB + 64 * 1024), {}, "/"],
    ["12 MiB in chunks", () => stream(12 * MIB), {}, "/events/ingest"],
    ["gzip of more", () => gzipSync(eventOf(9 * MIB + 1)), { "content-encoding": "gzip" }, "/"],
    ["brotli of more", () => brotliCompressSync(Buffer.alloc(20 * MIB)), { "content-encoding": "br" }, "/"],
    ["deflate of more", () => deflateSync(Buffer.alloc(20 * MIB)), { "content-encoding": "deflate" }, "/"],
    ["a batch of more than 10 MiB", () => stream(11 * MIB), {}, "/events/batch"],
  ])("%s is payload_too_large", async (_, body, headers, path) => {
    const { status, answer } = await post(body(), headers, path);
    expect([status, answer.code]).toEqual([413, "payload_too_large"]);
  });

  it("a gzip bomb of 900 MB costs one 413 and less than 100 MB of memory", async () => {
    const gzip = createGzip({ level: 9 });
    const zeros = Buffer.alloc(MIB);
    const compressed = buffer(gzip);
    for (let i = 0; i < 900; i++) if (!gzip.write(zeros)) await once(gzip, "drain");
    gzip.end();
    const body = await compressed;
    const before = await running.peakMemoryMiB();
    const { status } = await post(body, { "content-encoding": "gzip" });
    expect(status).toBe(413);
    expect((await running.peakMemoryMiB()) - before).toBeLessThan(100);
  });
});

describe("hostile JSON of almost 9 MiB gets an answer, and what is accepted arrives as sent", () => {
  const size = 9 * MIB - 1000;
  it.each<[string, () => Buffer]>([
    [
      "700,000 keys",
      () => Buffer.from(JSON.stringify(Object.fromEntries(Array.from({ length: 700_000 }, (_, i) => [`k${i}`, 1])))),
    ],
    ["empty objects", () => Buffer.from(`[${"{},".repeat(size / 3 - 2)}{}]`)],
    ["numbers", () => Buffer.from(`[${"1,".repeat(size / 2 - 2)}1]`)],
    ["one number", () => Buffer.from("1".repeat(size))],
    ["escapes", () => Buffer.from(`"${"\\u0000".repeat(size / 6 - 2)}"`)],
  ])("%s", async (_, value) => {
    const body = wrap(value());
    const { status, answer } = await post(body);
    expect(status).toBe(202);
    const arrived = await findArrived(answer.event_id);
    expect(arrived?.subarray(-body.length + 1).equals(body.subarray(1))).toBe(true);
  });

  it.each([
    ["arrays in arrays", () => Buffer.alloc(size & ~1, "[").fill("]", size >> 1), 254],
    ["objects in objects", () => Buffer.from(`${'{"a":'.repeat(size / 6)}1${"}".repeat(size / 6)}`), 254 * 5],
  ])("%s", async (_, value, position) => {
    const { status, answer } = await post(wrap(value()));
    const detail = `The event nests deeper than 256 at position ${'{"payload":{"x":'.length + position}.`;
    expect([status, answer.detail]).toEqual([400, detail]);
  });

  it("a million members beside the envelope's", async () => {
    const members = Array.from({ length: 1_000_000 }, (_, i) => `"${i.toString(36)}":1`).join();
    const body = Buffer.from(`{${members},${JSON.stringify(sample).slice(1)}`);
    expect((await post(body)).status).toBe(202);
  });

  it("brackets that are never closed", async () => {
    const { status, answer } = await post(Buffer.alloc(size, "["));
    expect([status, answer.detail]).toEqual([400, `Malformed JSON at position ${size}.`]);
  });
});

it("a client that goes away within its body leaves nothing behind", async () => {
  for (let i = 0; i < 50; i++) {
    const headers = { "content-type": "application/json", "content-length": 1000 };
    const client = httpRequest(running.url, { method: "POST", headers });
    client.on("error", () => {});
    client.write("{");
    await once(client, "socket");
    setTimeout(() => client.destroy(), 20);
  }
  expect((await post(JSON.stringify(sample))).status).toBe(202);
});
