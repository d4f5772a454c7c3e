import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { peekEventType } from "./route.ts";

const event = '{"payload":{"event_type":"inner"},"event_type":"order.placed"}';

it.each([
  ["an event", event],
  ["a batch", `[${event},{"event_type":"x"}]`],
  ["lines", `\n ${event}\n{"event_type":"x"}`],
  ["lines of which a later one is broken", `${event}\n{`],
])("finds the type of %s", (_, body) => {
  expect(peekEventType(Buffer.from(body))).toBe("order.placed");
});

it.each([
  ["gzip", gzipSync],
  [" GZIP", gzipSync],
  ["deflate", deflateSync],
  ["br", brotliCompressSync],
])("looks into a body of encoding %s", (encoding, compress) => {
  expect(peekEventType(compress(event), encoding)).toBe("order.placed");
});

it.each([
  ["nothing", ""],
  ["broken JSON", "{"],
  ["null", "null"],
  ["an empty batch", "[]"],
  ["a string", '"event_type"'],
  ["a type that is no string", '{"event_type":["order.placed"]}'],
  ["nesting beyond all bounds", "[".repeat(1_000_000)],
])("finds none in %s", (_, body) => {
  expect(peekEventType(Buffer.from(body))).toBeUndefined();
});

it("finds none in an unknown encoding, nor in what inflates beyond all bounds", () => {
  expect(peekEventType(Buffer.from(event), "zstd")).toBeUndefined();
  expect(peekEventType(gzipSync(event + " ".repeat(20 << 20)), "gzip")).toBeUndefined();
});
