import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { findInflater } from "./inflate.ts";
import { readMediaType } from "./media-type.ts";
import { Problem } from "./problem.ts";
import { checkHead, readPath } from "./request-head.ts";

it.each([
  ["/", "/"],
  ["/events/ingest?a=/b", "/events/ingest"],
  ["//events/ingest", "//events/ingest"],
  ["http://shop.example/events/batch", "/events/batch"],
  ["HTTPS://shop.example:8080/events/batch?x=http://y/z", "/events/batch"],
  ["http://shop.example", "/"],
  ["http://shop.example?x", "/"],
  ["/http://shop.example/health", "/http://shop.example/health"],
  ["*", "*"],
  ["ftp://shop.example/health", "ftp://shop.example/health"],
  ["", ""],
])("the path of %j is %j", (target, path) => {
  expect(readPath(target)).toBe(path);
});

const requestOf = (httpVersion: string, ...hosts: string[]) =>
  ({
    httpVersion,
    headers: { host: hosts[0] },
    rawHeaders: ["Accept", "host", ...hosts.flatMap((host, i) => [i % 2 ? "HOST" : "Host", host])],
  }) as unknown as IncomingMessage;

it("takes one host, a missing one of HTTP/1.0, and an empty one", () => {
  for (const host of ["shop.example", "shop.example:8080", "[::1]:8080", "a_b", ""]) checkHead(requestOf("1.1", host));
  checkHead(requestOf("1.0"));
});

it.each([
  ["none", requestOf("1.1")],
  ["two", requestOf("1.1", "a", "b")],
  ["twice the same", requestOf("1.1", "a", "a")],
  ["two of HTTP/1.0", requestOf("1.0", "a", "b")],
  ["a list", requestOf("1.1", "a, b")],
  ["a path", requestOf("1.1", "a/b")],
  ["a user", requestOf("1.1", "user@a")],
])("refuses %s", (_, request) => {
  expect(() => checkHead(request)).toThrow(expect.objectContaining({ code: "malformed_request" }));
});

describe("media types", () => {
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
});
