import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { peekEventType } from "./route.ts";

const event = '{"payload":{"event_type":"inner"},"event_type":"order.placed"}';
const known = new Set(["order.placed", "inner"]);

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
  expect(peekEventType(Buffer.from(body), undefined, known)).toBe("order.placed");
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
  expect(peekEventType(compress(`\ufeff${event}`), encoding, known)).toBe("order.placed");
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
  expect(peekEventType(Buffer.from(body), undefined, known)).toBeUndefined();
});

it("finds none in an unknown encoding, nor in what inflates beyond all bounds", () => {
  expect(peekEventType(Buffer.from(event), "zstd", known)).toBeUndefined();
  expect(peekEventType(gzipSync(event + " ".repeat(20 << 20)), "gzip", known)).toBeUndefined();
});
