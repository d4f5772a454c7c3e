import type { IncomingMessage } from "node:http";
import { expect, it } from "vitest";
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
