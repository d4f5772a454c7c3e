import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { getGarbageCollector } from "../../testing/garbage-collector.ts";
import { Exchange, hideInQuery, toHeaderPairs } from "./exchange.ts";
import type { RequestRecord } from "./protocol.ts";
import { readAnswer } from "./read-answer.ts";
import { readEvents } from "./read-events.ts";
import { Recorder } from "./recorder.ts";

const event = '{"event_type":"order.placed","user_id":"u","event_id":"e","payload":{}}';
const ref = { type: "order.placed", user: "u", id: "e", order: "" };

/** Has a body pass the front. @returns what is recorded of it */
function pass(recorder: Recorder, body: Buffer, headers: Record<string, string> = {}, path = "/events/ingest") {
  const request = new IncomingMessage(new Socket());
  Object.assign(request, { method: "POST", headers, rawHeaders: Object.entries(headers).flat() });
  const exchange = new Exchange(recorder, request, new ServerResponse(request), path);
  exchange.passTo("commerce", path);
  exchange.take(body);
  exchange.endBody();
  return recorder.since(0, 1_000_000).at(-1) as RequestRecord;
}

it.each([
  ["gzip", gzipSync],
  ["deflate", deflateSync],
  ["br", brotliCompressSync],
  ["gzip, identity", gzipSync],
])("shows a body of encoding %s inflated, without a byte order mark", (encoding, compress) => {
  const sent = compress(`\ufeff${event}`);
  const record = pass(new Recorder(), sent, { "content-encoding": encoding });
  expect(record).toMatchObject({ body: event, gap: "", bytes: sent.length, events: [ref] });
});

it("reads lines as what their media type says that they are", () => {
  const type = { "content-type": "application/jsonl; charset=utf-8" };
  const { events } = pass(new Recorder(), Buffer.from(`${event}\n{\n${event}`), type, "/events/batch");
  expect(events).toEqual([ref, { type: "", user: "", id: "", order: "" }, ref]);
});

it("reads every event of a batch that is longer than what is kept of it, and says so", () => {
  const long = JSON.stringify({ ...JSON.parse(event), payload: { text: "x".repeat(9000) } });
  const body = Buffer.from(`[${Array(1000).fill(long).join(",")}]`);
  const record = pass(new Recorder(), gzipSync(body), { "content-encoding": "gzip" }, "/events/batch");
  expect(record.events).toHaveLength(1000);
  expect([record.body.length, record.gap]).toEqual([65_536, "Only its first 65,536 characters are kept."]);
});

it.each([
  ["of an unknown encoding", Buffer.from("abc"), { "content-encoding": "zstd" }, "", /3 bytes of zstd/],
  ["that is not what its encoding says", Buffer.from("abc"), { "content-encoding": "gzip" }, "", /3 bytes of gzip/],
  ["that is not UTF-8", Buffer.from([0x22, 0xff, 0x22]), {}, '"\ufffd"', /not UTF-8/],
])("says what it does not show of a body %s", (_, sent, headers, body, gap) => {
  expect(pass(new Recorder(), sent, headers)).toMatchObject({ body, gap: expect.stringMatching(gap) });
});

it("shows a compressed body that broke off as far as it goes", () => {
  const sent = gzipSync(
    JSON.stringify({ event_type: "order.placed", filler: Array.from({ length: 9999 }, Math.random) }),
  );
  const record = pass(new Recorder(), sent.subarray(0, 20_000), { "content-encoding": "gzip" });
  expect(record.events).toEqual([{ type: "order.placed", user: "", id: "", order: "" }]);
});

it("records no credentials of its path", () => {
  expect(pass(new Recorder(), Buffer.from("{}"), {}, "/events/ingest?key=s3cret").path).not.toContain("s3cret");
});

it("keeps no long body in memory for the beginning that is shown of it", async () => {
  const collect = getGarbageCollector();
  const recorder = new Recorder();
  const text = JSON.stringify({ ...JSON.parse(event), payload: { text: "x".repeat(1 << 20) } });
  const readMemory = () => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = readMemory();
  for (let index = 0; index < 100; index++) pass(recorder, Buffer.from(text));
  // V8 counts a collected buffer as long as its own threads have not freed it.
  await expect.poll(readMemory).toBeLessThan(before + (20 << 20));
});

describe("what is secret", () => {
  it.each([
    ...["Authorization", "Proxy-Authorization", "X-Serverless-Authorization", "X-Forwarded-Authorization", "Cookie"],
    ...["X-Api-Key", "x-goog-api-key", "X-Auth-Token", "X-CSRF-Token", "x-goog-iam-authorization-token", "X-Signature"],
  ])("keeps no value of the header %s", (name) => {
    expect(toHeaderPairs([name, "s3cret"])).toEqual([[name, "(not recorded)"]]);
  });

  it.each(["Idempotency-Key", "traceparent", "PulseCart-Verification", "Content-Type", "X-Author", "User-Agent"])(
    "keeps the header %s as it is",
    (name) => expect(toHeaderPairs([name, "value"])).toEqual([[name, "value"]]),
  );

  it("keeps no credentials of the page that a request came from", () => {
    expect(toHeaderPairs(["Referer", "http://localhost/?token=s3cret&a=b"])).toEqual([
      ["Referer", "http://localhost/?token=(not%20recorded)&a=b"],
    ]);
  });

  it.each([
    ["/events/ingest", "/events/ingest"],
    ["/?a=b&key=s3cret", "/?a=b&key=(not%20recorded)"],
    ["/?access_token=s3=cret&x", "/?access_token=(not%20recorded)&x"],
    ["/?%6bey=s3cret", "/?%6bey=(not%20recorded)"],
    ["/?a=?&X-Goog-Signature=s3cret", "/?a=?&X-Goog-Signature=(not%20recorded)"],
    ["/?user_id=%zz&monkey=1", "/?user_id=%zz&monkey=1"],
  ])("shows %s as %s", (path, shown) => {
    expect(hideInQuery(path)).toBe(shown);
  });
});

describe("the record of a request", () => {
  const event = '{"event_type":"order.placed","user_id":"u","event_id":"e","payload":{}}';
  const ref = { type: "order.placed", user: "u", id: "e", order: "" };

  it.each([
    ["an event", event, [ref]],
    ["an order's own id", event.replace('"payload"', '"order_id":"o","payload"'), [{ ...ref, order: "o" }]],
    [
      "an array",
      `[${event},{},1]`,
      [ref, { type: "", user: "", id: "", order: "" }, { type: "", user: "", id: "", order: "" }],
    ],
    ["what was cut", `${event.slice(0, -1)},"more":"`, [ref]],
    ["what is of other types", '{"event_type":1,"user_id":null}', [{ type: "", user: "", id: "", order: "" }]],
    ["nothing", "", []],
  ])("reads %s", (_, text, expected) => {
    expect(readEvents(text)).toEqual(expected);
  });

  it("reads lines, each an event or broken, also where there is only one", () => {
    const none = { type: "", user: "", id: "", order: "" };
    expect(readEvents(`\ufeff${event}\r\n\n\ufeff${event}\n{\n`, true)).toEqual([ref, ref, none]);
    expect(readEvents("{", true)).toEqual([none]);
  });

  it("keeps the beginning alone of an id or a type that no function takes", () => {
    const [read] = readEvents(
      JSON.stringify({ event_type: "t".repeat(9000), user_id: "\u20ac".repeat(9000), event_id: 1 }),
    );
    expect([read?.type.length, read?.user.length, read?.id]).toEqual([1100, 1100, ""]);
  });

  it("reads what an answer says of each event's faults, warnings behind them", () => {
    const [error, warning] = ["user_id", "payload.total"].map((path) => ({ path, message: "is wrong" }));
    const refused = { status: 422, code: "invalid_event", detail: "1 field", errors: [error], warnings: [warning] };
    const faults = [error, { ...warning, isWarning: true }];
    expect(readAnswer(JSON.stringify(refused), 422, 1).outcomes[0]).toMatchObject({ detail: "1 field", faults });
    const inBatch = faults.map((fault) => ({ ...fault, path: `1.${fault?.path}` }));
    expect(readAnswer(JSON.stringify({ results: [{}, refused] }), 422, 2).outcomes[1]).toMatchObject({
      faults: inBatch,
    });
  });

  it("reads what became of each event", () => {
    const none = { code: "", id: "", messageId: "", warnings: 0 };
    const warnings = [{ path: "payload.total", message: "is wrong" }];
    const accepted = { status: 202, event_id: "a", message_id: "7", warnings, warnings_omitted: 3 };
    const results = [accepted, { status: 422, code: "invalid_event" }, null];
    expect(readAnswer(JSON.stringify({ results }), 207, 3).outcomes).toEqual([
      {
        ...{ ...none, status: 202, id: "a", messageId: "7", warnings: 4 },
        faults: [
          { path: "0.payload.total", message: "is wrong", isWarning: true },
          { path: "0.payload", message: "has 3 more", isWarning: true },
        ],
      },
      { ...none, status: 422, code: "invalid_event" },
      { ...none, status: 0 },
    ]);
    const refused = { ...none, status: 413, code: "payload_too_large" };
    expect(readAnswer('{"code":"payload_too_large"}', 413, 2).outcomes).toEqual([refused, refused]);
    expect(readAnswer("no JSON", 200, 0).outcomes).toEqual([]);
  });
});
