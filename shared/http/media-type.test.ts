import { expect, it } from "vitest";
import { findInflater } from "./inflate.ts";
import { readMediaType } from "./media-type.ts";
import { Problem } from "./problem.ts";

it.each([
  ["application/json", "application/json"],
  ["APPLICATION/Json", "application/json"],
  ["application/json; charset=utf-8", "application/json"],
  ['application/json ; charset="UTF-8"', "application/json"],
  ["application/json;charset=utf8;x=y", "application/json"],
  ['application/json; profile="a;charset=latin1"', "application/json"],
  ["application/cloudevents+json", "application/cloudevents+json"],
  ["application/x-ndjson", "application/x-ndjson"],
  ["application/ndjson; charset=utf-8", "application/ndjson"],
  ["application/jsonl", "application/jsonl"],
])("takes %s", (header, mediaType) => {
  expect(readMediaType(header, true)).toBe(mediaType);
});

it.each([
  undefined,
  "",
  "json",
  "text/json",
  "application/jsonx",
  "application/x-ndjsonx",
  "application/json, text/plain",
  "application/json; charset=latin1",
  "application/json; charset=utf-16",
])("refuses %s", (header) => {
  expect(() => readMediaType(header, true)).toThrow(Problem);
});

it.each([
  [undefined, undefined],
  ["", undefined],
  [" , ,", undefined],
  ["identity", undefined],
  ["GZIP", "gzip"],
  ["x-gzip", "gzip"],
  [", gzip ,", "gzip"],
  ["identity, deflate", "deflate"],
  ["br", "br"],
])("Content-Encoding %j is inflated by %s", (header, name) => {
  expect(findInflater(header)?.name).toBe(name);
});

it.each(["zstd", "gzip, br", "gzip, gzip", "gzip;q=1", "__proto__"])("Content-Encoding %j is refused", (header) => {
  expect(() => findInflater(header)).toThrow(Problem);
});
