import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readTarget } from "./local-hosts.ts";
import { findFunctions } from "./route.ts";

const event = '{"payload":{"event_type":"inner"},"event_type":"order.placed"}';
const known = new Map([
  ["order.placed", "commerce"],
  ["cart.abandoned", "commerce"],
  ["inner", "system"],
]);
const names = (...args: Parameters<typeof findFunctions>) => [...findFunctions(...args).keys()];

it.each([
  ["an event", event],
  ["an event over several lines behind a byte order mark", `\ufeff${JSON.stringify(JSON.parse(event), null, 2)}`],
  ["a batch", `[${event},{"event_type":"inner"}]`],
  ["a batch whose first events no function takes", `[1,{},{"event_type":"x"},${event}]`],
  ["lines", `\n ${event}\n{"event_type":"inner"}`],
  ["lines with a byte order mark each", `\ufeff\n\ufeff${event}\n\ufeff{"event_type":"inner"}`],
  ["lines of which the first is broken", `{\n${event}\n`],
  ["lines of which a later one is broken", `${event}\n{`],
])("finds the type of %s", (_, body) => {
  expect(names(Buffer.from(body), undefined, known)[0]).toBe("commerce");
});

it("finds each function once, with the first of its types", () => {
  const types = ["inner", "cart.abandoned", "order.placed", "x", "inner"];
  const batch = JSON.stringify(types.map((type) => ({ event_type: type })));
  expect([...findFunctions(Buffer.from(batch), undefined, known)]).toEqual([
    ["system", "inner"],
    ["commerce", "cart.abandoned"],
  ]);
});

it.each([
  ["gzip", gzipSync],
  [" GZIP", gzipSync],
  ["x-gzip", gzipSync],
  ["gzip, identity", gzipSync],
  [",identity,, deflate", deflateSync],
  ["br,", brotliCompressSync],
  ["identity, ", (text: string) => Buffer.from(text)],
])("looks into a body of encoding %j", (encoding, compress) => {
  expect(names(compress(`\ufeff${event}`), encoding, known)).toEqual(["commerce"]);
});

it.each([
  ["nothing", ""],
  ["broken JSON", "{"],
  ["null", "null"],
  ["an empty batch", "[]"],
  ["a string", '"event_type"'],
  ["a type that is no string", '{"event_type":["order.placed"]}'],
  ["a type of nobody's", '{"event_type":"constructor"}'],
  ["nesting beyond all bounds", "[".repeat(1_000_000)],
])("finds none in %s", (_, body) => {
  expect(names(Buffer.from(body), undefined, known)).toEqual([]);
});

it("finds none in an unknown encoding, nor in what inflates beyond all bounds", () => {
  expect(names(Buffer.from(event), "zstd", known)).toEqual([]);
  expect(names(gzipSync(event + " ".repeat(20 << 20)), "gzip", known)).toEqual([]);
});

describe("hosts", () => {
  it.each([
    ["/events/ingest?x=1", "localhost:8000", "/events/ingest?x=1", true],
    ["/", "127.0.0.1", "/", true],
    ["/", "[::1]:8000", "/", true],
    ["/", "shop.localhost:80", "/", true],
    ["http://localhost:8000/health", "localhost:8000", "/health", true],
    ["HTTP://127.0.0.1?x", "localhost", "/?x", true],
    ["http://evil.example/health", "localhost:8000", "/health", false],
    ["/", "evil.example", "/", false],
    ["/", "localhost.evil.example", "/", false],
    ["/", "127.0.0.1.evil.example", "/", false],
    ["/", "evil.example:8000#localhost", "/", false],
    ["/", "localhost@evil.example", "/", false],
    ["/", "", "/", false],
    ["/", undefined, "/", true],
  ])("reads the target %s with the host %s", (target, host, url, isLocal) => {
    expect(readTarget(target, host)).toEqual({ url, isLocal });
  });
});
